"""Risk in SQL: tables, and the ports of its use cases over one connection."""
