"""The queue: PgQueuer on our own connections; `pgqueuer.py` is the only file that knows its tables."""
