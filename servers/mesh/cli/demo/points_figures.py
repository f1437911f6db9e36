"""What must be seen of points, worked out by hand.

Of the tea house's 100 points 20 expire at the midnight after 3 December, while 80 are held; 50 of those are
spent and 30 expire when they go back. 250 of the order's 300 are spent, so that 50 can be taken back and 250
are owed; 400 - 250 = 150.

Ben's rides give 5 and 5, the task 30. Of 100 yuan twice 100 points; 40 of them go, so 60 times 2 stay: 80 are
taken back, and 10 + 30 + 120 points count.

Transactions: two earnings (1, 2), a hold (3), an expiry (4), spent and released (5, 6), an activation (7),
spent (8), taken back (9), earned (10).
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
    "ann: transactions that are as they must be": 10,
    "ann: the chain ends at her balance's link": "True",
    "ben: ride 1": ["5 points", "multiplied by 1"],
    "ben: ride 2": ["0 points", "earned by it too short a time before or after"],
    "ben: ride 3": ["5 points", "multiplied by 1"],
    "ben: completes": ["three_rides"],
    "ben: ride 4": ["0 points", "from 5 to 0: a member at most 10, window DAY"],
    "ben: the order would earn": ["200 by base"],
    "ben: pending, as it may be returned": 200,
    "ben: taken back for the cup": 80,
    "ben: tier, and points that count": ["green", "160"],
    "ben: tier with 1,000 more": "silver",
    "ben: tasks": ["december_shopper 10,000 of 50,000", "three_rides 3 of 3"],
}
