"""Benchmarks: one question a file, each figure beside its baseline from the same run."""
