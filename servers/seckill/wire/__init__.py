"""Seckill's messages, from and to what the rules know."""
