"""The adapters, each against the contract and its provider's stand-in."""
