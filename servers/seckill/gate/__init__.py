"""The gate of flash sales in Redis: a copy of what is left, which may only refuse early."""
