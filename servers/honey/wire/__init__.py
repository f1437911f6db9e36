"""Honey's messages, from and to the domain."""
