"""A case that ends with trouble, a clock, a certificate, and a server for mails."""

import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from smtp_scenes import OPS, Mailbox, serving

from workers.notify.email import Mail
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    Case,
    CaseResult,
    CaseStatus,
    CaseTarget,
    Cluster,
    KeyOwner,
    Leaver,
    OpenedBy,
    Outcome,
    Plan,
    ResourceGroup,
    Target,
)
from workers.offboarding.notice import taken_over

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SETTLE = timedelta(minutes=30)

# Made for these tests, of use nowhere else, valid for a hundred years.
_CERTIFICATE = (
    "MIIBXDCCAQKgAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAkxMjcuMC4w"
    "LjEwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM"
    "CTEyNy4wLjAuMTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABC2/u/sQ634ns2oI"
    "AkneQ3ipUh/3/IQNWS0PyIMlLDRuWic5jPsAhA0IaAMM9DRHEn0whyIPLYjAOYeO"
    "PhU/SiyjQzBBMA8GA1UdEQQIMAaHBH8AAAEwDwYDVR0TAQH/BAUwAwEB/zAdBgNV"
    "HQ4EFgQUKeegVm0Uq1Dt8+4Y2YnG1pflQ3EwCgYIKoZIzj0EAwIDSAAwRQIhAOPK"
    "ez6XwPJRp4vJAiyc3KdCM3Bwr1PZdsbAwTK31u2eAiAjyysHSzyz47K46J3DrgEJ"
    "ZpiVKsr1XH/YPtCOFM6vEA=="
)
_KEY = (
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTY4KMqkfjZ0EIRvx"
    "rZakPboXybZ+O3Pb5Ia41YK8IKyhRANCAAQtv7v7EOt+J7NqCAJJ3kN4qVIf9/yE"
    "DVktD8iDJSw0blonOYz7AIQNCGgDDPQ0RxJ9MIciDy2IwDmHjj4VP0os"
)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """Return the paths of a self-signed certificate for 127.0.0.1 and its key."""
    folder = tmp_path_factory.mktemp("tls")
    parts = (("CERTIFICATE", _CERTIFICATE), ("PRIVATE KEY", _KEY))
    paths = []
    for kind, body in parts:
        path = folder / f"{kind.lower().replace(' ', '_')}.pem"
        lines = [body[at : at + 64] for at in range(0, len(body), 64)]
        armoured = [f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""]
        path.write_text("\n".join(armoured), "ascii")
        paths.append(path)
    return paths


@pytest.fixture
def clock():
    return lambda: NOON


@pytest.fixture
def make_case():
    return a_case


def a_target(number=1, **changes):
    group = ResourceGroup(f"group-{number}", changes.pop("group", "payments"))
    cluster = Cluster(f"c{number}", changes.pop("cluster", "web"), "vpc-gen2")
    target = CaseTarget(
        Target("acct1", "us-south", group, (cluster,)),
        owner_before=KeyOwner("IBMid-1", "Dana Lee", "dana.lee@example.com"),
        outcome=Outcome.FAILED,
        reason=Reason.UNREACHABLE,
    )
    return replace(target, **changes)


def a_case(*targets, **changes):
    case = Case(
        id="01CASE",
        leaver=Leaver("dana.lee@example.com", "IBMid-1", "Dana Lee"),
        opened_by=OpenedBy("standard", "standard:msg_1"),
        received_at=NOON,
        effective_at=NOON,
        starts_at=NOON,
        status=CaseStatus.SETTLED,
        dry_run=False,
        result=CaseResult.ATTENTION,
        plan=Plan("sha256:abc", NOON),
        targets=targets or (a_target(),),
    )
    return replace(case, **changes)


@pytest.fixture
def make_target():
    return a_target


def a_notice(**changes):
    target = Target(
        "acct1",
        "us-south",
        ResourceGroup("payments-id", changes.pop("group", "payments")),
        (Cluster("c1", "web", "vpc-gen2"),),
    )
    owner = KeyOwner(
        "IBMid-1", changes.pop("owner", "Dana Lee"), "dana.lee@example.com"
    )
    notice = taken_over(
        target, KeyOwner("IBMid-9", "IKS"), owner, at=NOON, read_before_at=NOON
    )
    return replace(notice, **changes)


@pytest.fixture
def make_notice():
    return a_notice


@pytest.fixture
def box():
    return Mailbox()


@pytest.fixture
def port(box):
    with serving(box) as port:
        yield port


@pytest.fixture
def make_mail(clock):
    def make(port, *recipients, security="none", user=None, password=None, **changes):
        options = {
            "public_url": None,
            "settle": SETTLE,
            "timeout_seconds": 30,
            **changes,
        }
        return Mail(
            "127.0.0.1",
            port,
            security,
            user,
            password,
            "offboard@example.com",
            recipients or (OPS,),
            clock=clock,
            **{**options, **changes},
        )

    return make


@pytest.fixture
def secured(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context
