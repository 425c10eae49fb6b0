"""The steps of provider files, as they run over HTTP."""
