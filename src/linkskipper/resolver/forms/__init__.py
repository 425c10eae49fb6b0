"""Fill in and submit forms as browsers do."""
