"""The HTTP floor: parse, call one action or query, answer. No rule of the house is decided here."""
