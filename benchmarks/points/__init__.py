"""What the benchmarks of Honey share: its server, wallets filled in bulk, the verdict of the tables."""
