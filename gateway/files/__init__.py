"""Files of messages: what is taken in, how it is made harmless, where its bytes are, and links to them."""
