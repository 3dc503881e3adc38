"""Where cases live: Redis, one file a subject, its Lua script beside it.

Every script is idempotent, so that a call whose answer was lost may be repeated, and
reads the time from the server, so that machines need not agree. The scripts build their
keys from a prefix: one server (or one primary), not a Redis Cluster.
"""
