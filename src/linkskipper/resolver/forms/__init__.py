"""Forms: their controls, the data that they send, and the responses of scripts."""
