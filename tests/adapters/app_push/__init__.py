"""The app channel: tokens that a company's backend signs, and the platforms that wake a phone."""
