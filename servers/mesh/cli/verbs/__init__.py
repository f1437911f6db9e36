"""What `nectary` can do: one module a noun."""
