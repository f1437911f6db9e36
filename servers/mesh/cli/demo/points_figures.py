"""What must be seen of points, worked out by hand.

Of the tea house's 100 points 20 expire at the midnight after 3 December, while 80 are held; 50 of those are
spent and 30 expire when they go back. 250 of the order's 300 are spent, so that 50 can be taken back and 250
are owed; 400 - 250 = 150.

Transactions: two earnings (1, 2), one active at once (3), a hold (4), an expiry (5), spent and released (6,
7), an activation (8), spent (9), taken back (10), earned and activated (11, 12).
"""

from collections.abc import Mapping

from servers.mesh.cli.demo.story import Figure

EXPECTED: Mapping[str, Figure] = {
    "ann: with two lots": ["100 active", "300 pending"],
    "ann: 101 points are refused because of": "INSUFFICIENT_POINTS",
    "ann: the day after": ["300 pending", "80 held", "20 expired"],
    "ann: after the tea": ["300 pending", "50 spent", "50 expired"],
    "tea house: credit, granted, receivable": ["900 credit", "100 granted", "50 receivable"],
    "ann: after the return": ["250 debt", "300 spent", "50 expired", "300 reversed"],
    "ann: after the next order": ["150 active", "300 spent", "50 expired", "300 reversed"],
    "ann: active by the statement": 150,
    "ann: transactions that are as they must be": 12,
    "ann: the chain ends at her balance's link": "True",
}
