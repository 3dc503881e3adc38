"""A stand-in IBM Cloud account, Slack and mail catcher on loopback.

For tests, demo and benchmarks; knows nothing of the service it stands in for.
"""

from simulator.account import Account
from simulator.faults import (
    Fault,
    FaultPlan,
    delay,
    delay_after,
    drop_after,
    drop_before,
    status,
    truncate,
)
from simulator.journal import Call, Journal
from simulator.mail import CaughtMail, MailCatcher
from simulator.scenario import demo_account
from simulator.server import Simulator
from simulator.slack import Slack, SlackMessage

__all__ = [
    "Account",
    "Call",
    "CaughtMail",
    "Fault",
    "FaultPlan",
    "Journal",
    "MailCatcher",
    "Simulator",
    "Slack",
    "SlackMessage",
    "delay",
    "delay_after",
    "demo_account",
    "drop_after",
    "drop_before",
    "status",
    "truncate",
]
