"""What Honey does for callers: one use case a function, (command, ports, doing) → result.

A use case opens the wallets it is about, which lets all happen that is due in them, applies a rule, and
closes them, which writes what was posted.
"""
