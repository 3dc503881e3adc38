"""Departures and an adoption, played from request to report and proved: ``make demo``.

Knows the service from outside only: its command, its settings and its HTTP routes.
"""
