"""The story that `nectary demo` tells on meshes of its own.

chapters.py   cards, an abuse, real purchases
story.py      who acts, and what was seen
scenes.py     the five scenes of chapter one
figures.py    what must be seen in them, worked out by hand
check.py      what was seen beside it
risk/         chapter two
points.py     chapter four: what becomes of points
flash_sale.py chapter five: a crowd, and one who pays
"""
