"""What people see in a browser: made here, whole without scripts, in one style.

Each page is a view in a file of its own and a template of the same name. A page shows
the words that reports and the command line use, and holds no rule of its own.
"""

from service.pages import (
    adopt,
    blind_spots,
    brake,
    case,
    cases,
    docs,
    doctor,
    evidence,
    exposure,
    frame,
    gate,
    new,
    provider_in,
    quarantine,
    settings,
    signing_in,
    sources,
    trying,
)
from service.pages.door import pages

__all__ = [
    "adopt",
    "blind_spots",
    "brake",
    "case",
    "cases",
    "docs",
    "doctor",
    "evidence",
    "exposure",
    "frame",
    "gate",
    "new",
    "pages",
    "provider_in",
    "quarantine",
    "settings",
    "signing_in",
    "sources",
    "trying",
]
