"""How a flash sale is classically built: the designs that the source article names, each as small as it goes.

    shop.py       connections, and what a sale writes on Seckill's own tables
    designs.py    the designs: the body of one ReserveUnit each
    __main__.py   one of them behind grpc.aio, as the bare echo is
    postings.py   Honey's EarnPoints without group commit

They are baselines, and keep what they must to be comparable: an order row, the member's limit by the same
check, one durable commit for each order. They have no outbox, no sweep, no interceptors, and no answer for
repeats: all that they leave out makes them faster.
"""
