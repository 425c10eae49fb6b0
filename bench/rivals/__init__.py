"""The resolver library against other people's, and what they run on."""
