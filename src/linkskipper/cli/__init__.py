"""The command line: data on stdout, everything else on stderr. Exit codes: 0, 1 (failed), 2 (wrong use)."""
