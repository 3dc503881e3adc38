"""A RabbitMQ of our own on loopback, on ports and in a folder of its own."""

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.processes.installation import free_port, until

# Debian's command on PATH changes to a user of its own, and cannot read our folder.
_DEBIAN = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_LOOPBACK = "-kernel inet_dist_use_interface {127,0,0,1}"


def is_installed() -> bool:
    """Tell whether this machine has RabbitMQ, and what its nodes are found by."""
    return all(map(shutil.which, ("rabbitmq-server", "epmd")))


class RabbitMQ:
    """A broker that runs beside, and can be killed and started on what it kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        epmd_port = free_port()
        (folder / "env.conf").touch()
        self._environ = {
            "PATH": os.environ["PATH"],
            # It has the cookie by which nodes know each other.
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"ofb{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_CONFIG_FILE": f"{folder}/none",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/env.conf",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _LOOPBACK,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(epmd_port),
            # Or it would start one that outlives it.
            "ERL_FLAGS": "-start_epmd false",
        }
        listen = ["-address", "127.0.0.1", "-port", str(epmd_port)]
        self._epmd = self._run("epmd", *listen)
        self.server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._epmd.kill()
        self._epmd.wait(30)

    @property
    def pid(self) -> int:
        """Return the number of the process that all of it descends from."""
        assert self.server is not None
        return self.server.pid

    def start(self) -> None:
        """Start it, on what it kept, and wait until it listens."""
        command = _DEBIAN if _DEBIAN.exists() else "rabbitmq-server"
        self.server = self._run(str(command))
        until(self._listens)

    def kill(self) -> None:
        """End it at once, as a machine that fails does."""
        if self.server is not None:
            os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait(30)
            self.server = None

    def _run(self, *command: str) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{Path(command[0]).name}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
