"""The client without its I/O: generators yield what is to be done, and a sync or an async driver does it."""
