"""The independent checker of a sale: it reads the stores and the clients' logs, and nothing else.

    said.py         what clients were told: a log of one JSON object a line
    rows.py         what the database holds, by plain drivers
    gate.py         what the gate holds, by a plain Redis client
    invariants.py   I1 to I8, each as a function that names what breaks it
    __main__.py     python -m benchmarks.checking --store URL --redis URL --log FILE

Nothing of servers/ or domain/ is imported here: what is checked must not vouch for itself.
"""
