"""What the Makefile runs: code generation, checks and the mutants. Never imported by the product."""
