"""Honey: points."""
