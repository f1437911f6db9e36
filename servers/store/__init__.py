"""Where state is kept: transactions, and what every service needs beside its own tables.

`store.Store` runs a synchronous function in a transaction. `tables` holds what every service has
(outbox, inbox, idempotency, dead letters, leases); `outbox`, `relay` and `consumer` carry events,
`idempotency` keeps answers, `leases` gives a background job one holder, `migrations` the schema.
Nothing here knows a slice.
"""
