"""Benchmarks: ``make bench`` runs the usual ones, ``make bench ARGS="api"`` that one; figures are ratios in one run."""
