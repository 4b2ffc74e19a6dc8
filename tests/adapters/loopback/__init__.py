"""The loopback adapter."""
