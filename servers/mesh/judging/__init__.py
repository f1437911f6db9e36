"""How every process judges a call: copies of the rules and the list, the limiter, and the log of it all."""
