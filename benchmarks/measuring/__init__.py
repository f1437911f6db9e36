"""What the benchmarks share: rounds, CPU time, load, servers, and the table at the end."""
