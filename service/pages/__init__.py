"""What people see in a browser: made here, whole without scripts, in one style.

Each page is a view in a file of its own and a template of the same name. A page shows
the words that reports and the command line use, and holds no rule of its own.
"""

from service.pages import (
    brake,
    case,
    cases,
    doctor,
    evidence,
    exposure,
    frame,
    gate,
    quarantine,
    settings,
    signing_in,
    sources,
)
from service.pages.door import pages

__all__ = [
    "brake",
    "case",
    "cases",
    "doctor",
    "evidence",
    "exposure",
    "frame",
    "gate",
    "pages",
    "quarantine",
    "settings",
    "signing_in",
    "sources",
]
