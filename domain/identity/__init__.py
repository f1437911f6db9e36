"""Which cards a member holds, and when."""
