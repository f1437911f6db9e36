"""Risk: how often a subject may do what. Pure arithmetic over windows of time."""
