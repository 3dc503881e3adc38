"""The routes: events in, cases out. They decide nothing; the desk does.

Each is declared with its role, and answers only with what the store has taken.
"""

# Pausing has no blueprint of its own: to import it adds its routes to those of cases.
from service.routes import pausing
from service.routes.cases import cases
from service.routes.events import events
from service.routes.health import health
from service.routes.seen import seen

__all__ = ["cases", "events", "health", "pausing", "seen"]
