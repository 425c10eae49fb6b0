"""Link Skipper: give it a short link, get back where it really leads."""
