"""A sale: the commit of groups, the way of a reservation, and what happens to orders afterwards."""
