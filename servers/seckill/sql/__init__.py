"""Seckill's tables, and what reads and writes them."""
