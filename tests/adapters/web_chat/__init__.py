"""The web channel: a file of its own, and a provider that is nobody."""
