"""What the front door may ask for, on store and sender alone; without any key."""

from workers.desk.cases import Desk, Opened, OpenedAs, Page, Query
from workers.desk.evidence import Pack
from workers.desk.opening import open_desk, open_desks
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
    "open_desk",
    "open_desks",
    "signature_holds",
]
