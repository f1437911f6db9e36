"""The limiter that runs in every process: windows in Redis, and beside them what bounds a bad day."""
