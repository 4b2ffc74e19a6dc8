"""The Twilio adapter, over real HTTP against its stand-in."""
