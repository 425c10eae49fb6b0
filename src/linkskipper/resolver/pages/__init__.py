"""Read pages: redirects, scripts, stop rules, and the cost of parsing."""
