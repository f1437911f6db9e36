"""What the benchmarks of Seckill share.

ground.py    a durable MariaDB and a Redis, and what they were asked
offers.py    activities, made through the contract, and the wishes of their buyers
sale.py      a sale: driven, resolved, and held against I1 to I8 by the independent checker
verdict.py   the checker's run: a figure of a sale that broke an invariant is void
report.py    figures as tables
"""
