"""Benchmarks: ``make bench`` runs them all, ``make bench ARGS="library rest"`` some; figures are ratios in one run."""
