"""Shared parts of the tests of several rooms."""
