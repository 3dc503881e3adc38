"""One departure, played from the signed event to both reports: ``make demo``.

Knows the service from outside only: its command, its settings and its HTTP routes.
"""
