"""Flash sales: exactly the stock is sold."""
