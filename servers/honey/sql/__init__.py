"""Honey's ports over SQL."""
