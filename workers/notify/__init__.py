"""One file a channel: a report in, a delivery out. It decides nothing about a case."""
