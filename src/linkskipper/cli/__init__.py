"""The command line: data on stdout, all else on stderr; exit 0, 1 (failed) or 2 (wrong use)."""
