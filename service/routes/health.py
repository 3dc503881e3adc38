"""The routes that tell whether the service is up, and how it may be asked."""

from typing import Final

from flask import Response, jsonify, make_response
from flask_smorest import Blueprint  # type: ignore[import-untyped]  # ships no types

from service import examples
from service.context import here
from service.contract import document, route
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.heartbeat import WORKER, living

# Three sweeps missed: the workers are late or gone.
SWEEP_LATE_SECONDS: Final = 30
_WORST: Final = ("failed", "warn")
_WITHOUT: Final = {True: "failed", False: "warn"}

health = Blueprint("health", __name__, description="Is it up, and what can it do.")


@route(
    health,
    "GET",
    "/healthz",
    role="public",
    answer={200: examples.plain("The process is up.", {"status": "ok"})},
)
def healthz() -> Response:
    """Say that the process is up; it asks nobody."""
    return jsonify({"status": "ok"})


@route(
    health,
    "GET",
    "/readyz",
    role="public",
    answer={
        200: examples.plain("Events are taken in.", examples.READY),
        503: examples.plain(
            "The store is away; or no worker lives, where one is required.",
            examples.NOT_READY,
        ),
    },
)
def readyz() -> Response:
    """Say whether events can be taken in, and whether anybody works on them.

    Late workers are a warning only, unless the settings require one: answering 503
    turns events away that the store would have kept for them. So is a store that may
    be an old copy: what is taken in waits for a person there.
    """
    desk = here().desk
    try:
        desk.check()
        age = desk.sweep_age_seconds()
        copy = "warn" if desk.is_restored() else "ok"
        lives = bool(living(WORKER, desk.heartbeats()))
    except StoreAwayError:
        checks = {"store": "failed", "sweep": "warn"}
        return make_response(jsonify({"status": "failed", "checks": checks}), 503)
    sweep = "warn" if age is None or age > SWEEP_LATE_SECONDS else "ok"
    # Who sweeps lives, whatever it says: a worker of the version before says nothing.
    worker = "ok" if lives or sweep == "ok" else _WITHOUT[_is_worker_required()]
    checks = {"store": "ok", "sweep": sweep, "restored": copy, "worker": worker}
    status = next((one for one in _WORST if one in checks.values()), "ok")
    code = 503 if status == "failed" else 200
    return make_response(jsonify({"status": status, "checks": checks}), code)


def _is_worker_required() -> bool:
    return here().settings.readyz_require_worker


@route(
    health,
    "GET",
    "/openapi.json",
    role="public",
    answer={200: examples.plain("This document.")},
)
def openapi() -> Response:
    """Describe these routes."""
    return jsonify(document())
