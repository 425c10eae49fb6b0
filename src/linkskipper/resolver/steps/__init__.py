"""Run the steps of provider files over HTTP."""
