"""The store's server, in process: fakeredis, whose scripts are called without a wire.

The real Lua runs on fakeredis' own data and time. What is left out is what costs most:
packing, unpacking, compiling anew, and a collection of garbage at each call.
"""

import pickle
from unittest import mock

import fakeredis
import redis
from fakeredis._helpers import SimpleError
from fakeredis.commands_mixins import scripting_mixin


class Server:
    """One server for all histories; each begins with an empty one."""

    def __init__(self):
        self._server = fakeredis.FakeServer()
        self.client = _Client(server=self._server, decode_responses=True)
        self._connection = self.client.connection_pool.get_connection()
        self._connection.connect()
        self._socket = self._connection._sock
        self._lua = self._socket._get_server_runtime(self._server)
        self._compiled = {}

    def script(self, text):
        """Return *text* as a function of its arguments, as a client registers it."""
        if text not in self._compiled:
            self._compiled[text] = self._lua.compile(text.encode())
        compiled = self._compiled[text]
        return lambda args: self._run(compiled, args)

    def _run(self, compiled, args):
        now, server, socket = fakeredis._helpers.time.time(), self._server, self._socket
        for database in server.dbs.values():
            database.time = now
        server._lua_current_socket[0] = socket
        socket._script_resp = 2
        given = self._lua.table_from([str(one).encode() for one in args])
        server._lua_set_keys_argv(self._lua.table_from([]), given)
        try:
            with server.lock:
                said = socket._convert_lua_result(compiled(), nested=False)
        except SimpleError as error:
            raise redis.ResponseError(error.value) from error
        finally:
            socket._script_resp = None
        return _decoded(said)

    def kept(self):
        """Return all that is kept now, by name, to be compared with what is later."""
        data = self._server.dbs[0]
        return {name.decode(): pickle.dumps(data[name]) for name in list(data)}

    def command(self, *words, **options):
        """Do one command; its answer is made a client's as the client would."""
        encode = self._connection.encoder.encode
        self._socket._process_command([encode(one) for one in words])
        said = self._connection._decode(self._socket.responses.get_nowait())
        if isinstance(said, SimpleError):
            raise redis.ResponseError(said.value)
        # For a cache that no client here has.
        options.pop("keys", None)
        made = self.client.response_callbacks.get(words[0])
        return made(said, **options) if made is not None else said


class _Client(fakeredis.FakeRedis):
    """A client that asks the server in process, without a connection."""

    def execute_command(self, *words, **options):
        return SERVER.command(*words, **options)


class Pipe:
    """Commands in one go; nothing comes between in one process, so without MULTI."""

    def __init__(self, pipe):
        self._pipe = pipe

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._pipe.reset()

    def __getattr__(self, name):
        return getattr(self._pipe, name)

    def execute(self):
        stack = self._pipe.command_stack
        return [SERVER.command(*words, **how) for words, how in stack]


def _nothing(*_):
    """Take the place of a check."""


def unchecked():
    """Have fakeredis not look for globals at each call: no script of ours has any."""
    return mock.patch.object(scripting_mixin, "_check_for_lua_globals", _nothing)


def _decoded(said):
    if isinstance(said, list):
        return [_decoded(one) for one in said]
    return said.decode() if isinstance(said, bytes) else said


SERVER = Server()


class Bare:
    """The server as the world itself asks it, past all gates."""

    def register_script(self, text):
        return SERVER.script(text)

    def kept(self):
        return SERVER.kept()

    def pipeline(self, **_):
        return Pipe(SERVER.client.pipeline(transaction=False))

    def __getattr__(self, name):
        return getattr(SERVER.client, name)
