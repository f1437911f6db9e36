"""Load for workloads whose every call is another's: HTTP/2 by hand, on plain sockets.

    hpack.py         headers as bytes and back, as small as a connection's own table makes them
    frames.py        HTTP/2 frames
    status.py        what the headers of an answer say: a code and a reason
    connection.py    one connection, without its socket: calls in, bytes out, endings back
    link.py          its socket
    driver.py        many connections, closed or open loop, deadlines kept here too
    journal.py       code, reason, latency, instant and message of every answer
    plan.py          what to send, and how

A real client takes as much CPU time for a call as the server that it measures. This one takes 11 to 16
microseconds, so that calls wait in the server, where they belong. It believes no answer that does not say
`grpc-status`: a success without a message is an error, and so is a stream that just ends.
"""
