"""The rules: standard library and itself only; no I/O, no clock, no random."""
