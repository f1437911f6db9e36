"""What can be asked of Identity: one use case a function, each in one transaction.

A use case takes a frozen command, the ports, and who does it when. It writes only through the ports, so
it may be run again from the start if another writer was first.
"""
