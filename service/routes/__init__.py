"""The routes: events in, cases out. They decide nothing; the desk does.

Each is declared with its role, and answers only with what the store has taken.
"""

# These have no blueprint of their own: to import them adds their routes to those of
# cases, or of health.
from service.routes import adopting, braking, deciding, metrics, pausing
from service.routes.blind_spots import blind_spots
from service.routes.cases import cases
from service.routes.events import events
from service.routes.evidence import evidence
from service.routes.health import health
from service.routes.intake import intake
from service.routes.seen import seen
from service.routes.trying import trying

__all__ = [
    "adopting",
    "blind_spots",
    "braking",
    "cases",
    "deciding",
    "events",
    "evidence",
    "health",
    "intake",
    "metrics",
    "pausing",
    "seen",
    "trying",
]
