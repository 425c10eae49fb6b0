"""URLs in texts and pages: parse them, decode them, and check where they lead."""
