"""Benchmarks. ``make bench`` runs the usual ones, ``make bench ARGS="api"`` runs one. Figures are ratios in one run."""
