"""An HTTP/1.1 server on loopback whose connections stay open, and can be cut.

Werkzeug's own handler closes every connection after one answer, so callers that reuse
connections would never be tested; this one reads the whole body first and keeps on.
"""

import io
import socket
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response

from simulator.gate import ConnectionCut

if TYPE_CHECKING:
    from socket import _RetAddress
    from socketserver import _RequestType

    from _typeshed.wsgi import WSGIApplication

_WITHOUT_BODY = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
_PATIENCE_SECONDS = 2.0


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer leaves in one piece: a held-back second packet would cost 40 ms.
    disable_nagle_algorithm = True
    wbufsize = -1

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        # Read to the end, wanted or not: the next request begins behind it.
        is_chunked = bool(environ.get("wsgi.input_terminated"))
        length = -1 if is_chunked else int(self.headers.get("Content-Length") or 0)
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(length))
        try:
            response = Response.from_app(self.server.app, environ, buffered=True)
            self._send(response)
        except (ConnectionCut, ConnectionError):
            self.close_connection = True

    def _send(self, response: Response) -> None:
        body = response.get_data()
        has_body = response.status_code not in _WITHOUT_BODY
        self.send_response(response.status_code)
        for name, value in response.headers.items():
            if name.lower() not in {"content-length", "connection"}:
                self.send_header(name, value)
        if has_body:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if has_body and self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the journal has every call."""


class LoopbackServer(ThreadedWSGIServer):
    """One thread a connection, on 127.0.0.1 only."""

    def __init__(self, application: "WSGIApplication", port: int) -> None:
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__("127.0.0.1", port, application, handler=_Handler)
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and close every open connection."""
        self.shutdown()
        self._thread.join()
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        while self._cut_open() and time.monotonic() < give_up_at:
            time.sleep(0.005)

    def get_request(self) -> tuple[socket.socket, "_RetAddress"]:
        """Take a connection, and remember it so that ``stop`` can close it."""
        connection, address = self.socket.accept()
        with self._open_lock:
            self._open.add(connection)
        return connection, address

    def close_request(self, request: "_RequestType") -> None:
        """Close a connection that is over."""
        super().close_request(request)
        with self._open_lock:
            self._open -= {request}

    def _cut_open(self) -> bool:
        with self._open_lock:
            still_open = list(self._open)
        for connection in still_open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        return bool(still_open)
