"""Identity's ports over one database connection."""
