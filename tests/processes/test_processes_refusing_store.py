"""A process that starts while the store answers and does not write."""

import pytest

from tests.processes.installation import offboard
from tests.scenarios.scene import server_of
from workers.desk.opening import await_store
from workers.store.switches import Switches

pytestmark = pytest.mark.processes


def test_a_worker_that_starts_on_a_store_that_refuses_to_write_may_start_again(install):
    service = install()
    service.start("store")
    server = server_of(service)
    await_store(Switches(server))
    server.replicaof("127.0.0.1", "1")

    done = offboard(service, "worker", environ=service.environ)

    # 5 would say that the settings are at fault, and nobody would start it again.
    assert done.returncode == 6
    assert "ReadOnlyError" in done.stderr
