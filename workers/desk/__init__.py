"""What the front door may ask for, on store and sender alone; without any key."""

from workers.desk.cases import Desk, Opened, OpenedAs, Page, Query
from workers.desk.evidence import Pack
from workers.desk.opening import open_desk, open_desks, open_upgrading
from workers.desk.upgrading import Standing, Upgrading
from workers.signing import signature_holds
from workers.store.switches import Paused

__all__ = [
    "Desk",
    "Opened",
    "OpenedAs",
    "Pack",
    "Page",
    "Paused",
    "Query",
    "Standing",
    "Upgrading",
    "open_desk",
    "open_desks",
    "open_upgrading",
    "signature_holds",
]
