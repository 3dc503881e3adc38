"""A webhook as most write it: prove the sender, persist the event, enqueue a task.

Flask, redis-py and Celery with what their guides show: no ledger, no index of people,
no brake, no quarantine. The store flushes every write before it answers, as ours does;
the connections of both clients are kept.
"""

import base64
import hashlib
import hmac
import time
from typing import Final

import redis
from celery import Celery
from flask import Flask, Response, abort, jsonify, request

TASK: Final = "hook.offboard"
_WINDOW_SECONDS: Final = 300


def application(store_url: str, broker_url: str, secret: str) -> Flask:
    """Make it on a store and a broker; *secret* is a ``whsec_`` of its sender."""
    app = Flask(__name__)
    store = redis.Redis.from_url(store_url)
    tasks = Celery("hook", broker=broker_url, set_as_current=False)
    tasks.conf.task_ignore_result = True
    offboard = tasks.task(name=TASK)(_offboard)
    key = base64.b64decode(secret.removeprefix("whsec_"))

    @app.post("/hook")
    def take() -> Response:
        message_id = request.headers.get("webhook-id", "")
        if not _is_authentic(key, message_id):
            abort(401)
        event = request.get_json()
        email = event["data"]["subjects"][0]["email"]
        # The key is the message's, so that a repeat is seen.
        if store.set(f"hook:{message_id}", request.get_data(), nx=True):
            offboard.apply_async((message_id, email))
        answer = jsonify({"stored": message_id})
        answer.status_code = 202
        return answer

    return app


def _offboard(message_id: str, email: str) -> None:
    """Do what the worker of such a hook does; none runs here."""


def _is_authentic(key: bytes, message_id: str) -> bool:
    at = request.headers.get("webhook-timestamp", "0")
    if abs(time.time() - int(at)) > _WINDOW_SECONDS:
        return False
    signed = f"{message_id}.{at}.".encode() + request.get_data()
    mark = hmac.new(key, signed, hashlib.sha256).digest()
    given = request.headers.get("webhook-signature", "").removeprefix("v1,")
    return hmac.compare_digest(given, base64.b64encode(mark).decode())
