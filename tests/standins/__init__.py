"""Stand-ins for the providers: real servers on 127.0.0.1 that answer as the provider does."""
