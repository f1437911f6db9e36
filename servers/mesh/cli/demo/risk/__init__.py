"""The chapter of Risk, on a mesh of its own that believes a gateway and mails its alerts.

stage.py      the mesh, set up: who acts, where mail arrives
gateway.py    signs for members, as a company's own gateway does
mailbox.py    an SMTP server that keeps what it is sent
tries.py      calls of members, in bursts, and what became of each
caught.py     four scenes: from a burst to the list
released.py   three scenes: from the list back
chain.py      a listing's hashes, computed again from the public answer
figures.py    what must be seen, worked out by hand
"""
