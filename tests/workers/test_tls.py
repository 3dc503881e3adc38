"""Store and broker over TLS: the right certificate is taken, every other is refused."""

import socket
import ssl
import threading
from contextlib import suppress
from functools import partial

import pytest
from tls_scenes import Authority, speaking_tls

from config.settings import Settings
from workers.app import Sender, make_app
from workers.desk import open_desk
from workers.desk.opening import broker_address, open_store, store_address
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.model import Step, Work
from workers.store.connection import connect
from workers.store.switches import Switches
from workers.tls import with_ca, without_ca


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def over_tls(authority, store_place, client):
    """Serves the store with a certificate; gives settings that trust the authority."""

    def settings(port, ca_file=authority.file, host="127.0.0.1"):
        return Settings(
            store_url=f"rediss://{host}:{port}/0", store_ca_file=str(ca_file)
        )

    def serve(certificate):
        return speaking_tls(certificate, store_place.socket)

    return serve, settings


def said_of_the_store(settings):
    with (
        connect(store_address(settings)) as client,
        pytest.raises(StoreAwayError) as away,
    ):
        Switches(client).ping()
    return str(away.value)


def said_of_the_broker(settings):
    return Sender(make_app(broker_address(settings))).fault()


def test_what_a_front_door_and_a_worker_open_goes_over_tls(
    over_tls, authority, store_place
):
    serve, settings = over_tls
    with serve(authority.certificate()) as port:
        given = settings(port)

        desk, store = open_desk(given), open_store(given)

        desk.check()
        store.switches.start_paused()
        sender = Sender(make_app(broker_address(given)))
        assert sender.fault() is None
        sender.send(Work("01A", Step.PLAN))

    with connect(store_place.store_url) as plain:
        assert Switches(plain).is_paused("acc1")
    with connect(f"{store_place.store_url.removesuffix('0')}1") as queue:
        assert queue.llen("offboard") == 1


REFUSED = [
    (
        {"ends": -0.5},
        "CertificateVerifyError, its certificate has expired",
    ),
    (
        {"begins": 0.5},
        "CertificateVerifyError, its certificate is not valid yet",
    ),
    (
        {"host": "redis.example.com"},
        "CertificateVerifyError, its certificate is for another host than the address",
    ),
    (
        {"host": "127.0.0.2"},
        "CertificateVerifyError, its certificate is for another host than the address",
    ),
]


@pytest.mark.parametrize(("certified", "said"), REFUSED)
def test_a_certificate_that_is_not_right_is_refused_and_it_is_said_why(
    over_tls, authority, certified, said
):
    serve, settings = over_tls
    with serve(authority.certificate(**certified)) as port:
        given = settings(port)

        assert said_of_the_store(given) == f"The store: {said}."


def test_a_certificate_of_another_host_is_refused_for_the_broker_as_well(
    over_tls, authority
):
    serve, settings = over_tls
    with serve(authority.certificate("redis.example.com")) as port:
        assert said_of_the_broker(settings(port)) == REFUSED[2][1]


def test_a_certificate_that_somebody_else_signed_is_refused(
    over_tls, authority, tmp_path
):
    serve, settings = over_tls
    said = "CertificateVerifyError, its certificate is signed by nobody that the CA "
    said += "file names"
    with serve(authority.certificate()) as port:
        given = settings(port, ca_file=Authority(tmp_path, "another CA").file)

        assert said_of_the_store(given) == f"The store: {said}."


def test_without_a_file_what_the_machine_does_not_trust_is_refused(over_tls, authority):
    serve, _ = over_tls
    with serve(authority.certificate()) as port:
        given = Settings(store_url=f"rediss://127.0.0.1:{port}/0")

        assert "is signed by nobody" in said_of_the_broker(given)


def test_the_broker_may_have_an_authority_of_its_own(over_tls, authority, tmp_path):
    serve, _ = over_tls
    other = Authority(tmp_path, "another CA")
    with serve(other.certificate()) as port:
        given = Settings(
            store_url="rediss://redis.example.com/0",
            store_ca_file=str(authority.file),
            broker_url=f"rediss://127.0.0.1:{port}/1",
            broker_ca_file=str(other.file),
        )

        assert said_of_the_broker(given) is None


def test_a_server_without_tls_is_said_to_have_none(over_tls):
    _, settings = over_tls
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        given = settings(server.getsockname()[1])
        # What a Redis says to a line that is no command.
        answer = partial(_answer, server, b"-ERR unknown command\r\n")
        threading.Thread(target=answer, daemon=True).start()

        said = said_of_the_store(given)

    assert said == "The store: SSLError, what answers there speaks no TLS."


def _answer(server, said):
    # Whoever asked may be gone, and perhaps comes no second time.
    with suppress(OSError):
        for _ in range(2):
            line, _ = server.accept()
            with line:
                line.recv(4096)
                line.sendall(said)


@pytest.mark.parametrize("scheme", ["rediss", "amqps"])
def test_celery_is_told_to_check_whose_certificate_it_is(scheme):
    conf = make_app(f"{scheme}://broker.example.com/1?ssl_ca_certs=%2Fca.pem").conf

    assert conf.broker_url == f"{scheme}://broker.example.com/1"
    assert (
        conf.broker_use_ssl
        == {
            "rediss": {
                "ssl_cert_reqs": ssl.CERT_REQUIRED,
                "ssl_check_hostname": True,
                "ssl_ca_certs": "/ca.pem",
            },
            "amqps": {
                "cert_reqs": ssl.CERT_REQUIRED,
                # As the address says.
                "server_hostname": None,
                "ca_certs": "/ca.pem",
            },
        }[scheme]
    )


@pytest.mark.parametrize(
    ("certified", "fault"),
    [
        # Trusted, and then it hangs up: nobody speaks for it.
        ("127.0.0.1", OSError),
        ("rabbit.example.com", ssl.SSLCertVerificationError),
    ],
)
def test_an_amqps_broker_must_be_the_one_that_the_address_names(
    authority, tmp_path, certified, fault
):
    with speaking_tls(authority.certificate(certified), tmp_path / "none") as port:
        app = make_app(
            broker_address(
                Settings(
                    broker_url=f"amqps://127.0.0.1:{port}//",
                    broker_ca_file=str(authority.file),
                )
            )
        )
        with app.connection_for_write() as line, pytest.raises(fault) as refused:
            line.transport.establish_connection()

    is_refused = isinstance(refused.value, ssl.SSLCertVerificationError)
    assert is_refused is (fault is not OSError)


@pytest.mark.parametrize(
    "address",
    [
        "rediss://redis.example.com:6380/0",
        "rediss://redis.example.com:6380/0?protocol=2",
        "amqps://rabbit.example.com//",
    ],
)
def test_the_file_goes_with_the_address_and_comes_off_again(address):
    carried = with_ca(address, "/run/secrets/a b&c.pem")

    assert "/run/secrets/a" not in carried
    assert without_ca(carried) == (address, "/run/secrets/a b&c.pem")


@pytest.mark.parametrize(
    "address", ["redis://r.example.com/0", "unix:///s?db=0", "amqp://r.example.com//"]
)
def test_an_address_without_tls_stays_as_it_is(address):
    assert with_ca(address, "/ca.pem") == address
    assert without_ca(address) == (address, None)


def test_the_broker_of_a_store_with_tls_is_its_database_1_with_the_same_authority():
    given = Settings(
        store_url="rediss://u:p@redis.example.com:6380/0?protocol=2",
        store_ca_file="/ca.pem",
    )

    assert broker_address(given) == (
        "rediss://u:p@redis.example.com:6380/1?protocol=2&ssl_ca_certs=%2Fca.pem"
    )
