"""Read URLs: links that people submit, URLs found on the way, destinations."""
