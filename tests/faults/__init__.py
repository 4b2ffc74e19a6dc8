"""Real processes that are killed, reloaded, starved and flooded, and what customers and agents see of it."""
