"""What every slice shares: instants and calendar, money, ids, errors."""
