"""A member's timeline in a terminal: one row of bars a lane, and a table below.

looks.py      how a bar looks for what its term is
scale.py      from moments to columns, and the ticks above them
bars.py       the drawing
timeline.py   from the contract's Timeline to rows, and the table
"""
