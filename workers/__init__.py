"""The back office: everything that happens after "received"."""
