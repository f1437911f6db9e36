"""The story that `nectary demo` tells on a mesh of its own.

story.py      who acts, and what was seen
scenes.py     the five scenes of chapter one
figures.py    what must be seen, worked out by hand
check.py      what was seen beside it
flash_sale.py chapter three: a crowd, and one who pays
"""
