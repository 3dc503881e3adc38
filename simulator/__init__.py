"""A stand-in IBM Cloud account, Slack and mail catcher on loopback.

For tests, demo and benchmarks; knows nothing of the service it stands in for.
"""

from simulator.account import Account
from simulator.faults import (
    Fault,
    FaultPlan,
    bad_gateway,
    cut_json,
    delay,
    delay_after,
    drop_after,
    drop_before,
    empty,
    half_list,
    published_error,
    published_fault,
    rate_limited,
    status,
    truncate,
)
from simulator.journal import Call, Journal
from simulator.mail import CaughtMail, MailCatcher
from simulator.outages import Outage
from simulator.policies import (
    Policy,
    account_administrator,
    account_reader,
    key_owner,
    on_resource_group,
)
from simulator.rivals import rival_fault
from simulator.scenario import demo_account, departure_account
from simulator.second_scene import two_accounts
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
    "Outage",
    "Policy",
    "Simulator",
    "Slack",
    "SlackMessage",
    "account_administrator",
    "account_reader",
    "bad_gateway",
    "cut_json",
    "delay",
    "delay_after",
    "demo_account",
    "departure_account",
    "drop_after",
    "drop_before",
    "empty",
    "half_list",
    "key_owner",
    "on_resource_group",
    "published_error",
    "published_fault",
    "rate_limited",
    "rival_fault",
    "status",
    "truncate",
    "two_accounts",
]
