"""What can be done in Risk: one frozen command and one function each.

A function takes the command, the ports and who does it when. It decides before it writes, so a refusal
leaves nothing; it may be run again from the start if it lost a race.
"""
