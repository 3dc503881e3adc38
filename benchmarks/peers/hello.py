"""The least a web application does: it says hello. What a server can do at all."""

from flask import Flask, Response


def application() -> Flask:
    """Make it."""
    app = Flask(__name__)

    @app.get("/")
    def hello() -> Response:
        return Response("hello", mimetype="text/plain")

    return app
