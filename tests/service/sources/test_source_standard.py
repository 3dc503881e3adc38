"""Standard Webhooks signed with a key pair; v1 stands in test_service_signature."""

import base64
import json

import pytest
from authentic import DANA
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fake_desk import SECRET

from config.settings import Secret
from config.sources import Sources, StandardSettings
from service.sources.standard import sign_v1

OURS = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
NEXT = Ed25519PrivateKey.from_private_bytes(b"n" * 32)
THEIRS = Ed25519PrivateKey.from_private_bytes(b"t" * 32)
RAW = json.dumps({"type": "user.departed", "data": DANA}).encode()


def public(key):
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return "whpk_" + base64.b64encode(raw).decode()


def signature(key, raw=RAW, id="msg_1", at="1771236131"):
    text = key.sign(f"{id}.{at}.".encode() + raw)
    return "v1a," + base64.b64encode(text).decode()


@pytest.fixture
def post(with_settings):
    def posted(
        signed, *secrets, raw=RAW, id="msg_1", at="1771236131", prefix="webhook"
    ):
        active = tuple(map(Secret, secrets or (public(OURS),)))
        client = with_settings(sources=Sources(standard=StandardSettings(active)))
        headers = {
            f"{prefix}-id": id,
            f"{prefix}-timestamp": at,
            f"{prefix}-signature": signed,
            "Content-Type": "application/json",
        }
        return client.post("/events/standard", data=raw, headers=headers)

    return posted


def test_a_message_signed_with_the_private_key_is_authentic(post, desk):
    answer = post(signature(OURS))

    assert answer.status_code == 202
    assert desk.heard[0].event_key == "standard:msg_1"
    assert desk.heard[0].authn == "ed25519"


def test_the_published_pair_of_keys_fits(post):
    """The seed and public key of RFC 8032, section 7.1, test 1."""
    seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    known = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
    whpk = "whpk_" + base64.b64encode(bytes.fromhex(known)).decode()

    assert post(signature(key), whpk).status_code == 202


@pytest.mark.parametrize("key", [OURS, NEXT])
def test_either_of_two_active_keys_will_do(post, key):
    assert post(signature(key), public(OURS), public(NEXT)).status_code == 202


def test_a_key_pair_may_replace_a_shared_secret(post, desk, sign):
    shared = sign(RAW)["webhook-signature"]

    old = post(shared, SECRET, public(OURS))
    new = post(signature(OURS, id="msg_2"), SECRET, public(OURS), id="msg_2")

    assert (old.status_code, new.status_code) == (202, 202)
    assert [one.authn for one in desk.heard] == [None, None]


def test_any_of_the_listed_signatures_will_do(post, sign):
    shared = sign(RAW)["webhook-signature"]
    listed = f"v2,AAAA v1a,AAAA {signature(THEIRS)} {shared} {signature(OURS)}"

    assert post(listed).status_code == 202


def test_a_key_without_its_padding_will_do(post):
    assert post(signature(OURS), public(OURS).rstrip("=")).status_code == 202


def test_the_svix_names_will_do(post):
    assert post(signature(OURS), prefix="svix").status_code == 202


def test_a_signature_of_another_key_is_not_ours(post, desk):
    answer = post(signature(THEIRS))

    assert answer.status_code == 401
    assert answer.json["detail"] == "The sender could not be authenticated."
    assert desk.heard == []


@pytest.mark.parametrize("at", ["1771235830", "1771236432"])
def test_the_window_holds_for_key_pairs_too(post, at):
    assert post(signature(OURS, at=at), at=at).status_code == 401


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"raw": RAW + b" "}, {}),
        ({"id": "msg_2"}, {}),
        ({"at": "1771236132"}, {}),
        ({}, {"v1a,": "v1,"}),
        ({}, {"v1a,": "V1A,"}),
        ({}, {"v1a,": "v1a,="}),
        ({}, {"v1a,": "v1a, "}),
        ({}, {"v1a,": "v1a,,"}),
        ({}, {"v1a,": "v1a,\xe9"}),
        ({}, {"=": ""}),
    ],
)
def test_a_signature_that_does_not_fit_is_not_authentic(post, desk, over, said):
    signed = signature(OURS)
    for old, new in said.items():
        signed = signed.replace(old, new)

    assert post(signed, **over).status_code == 401
    assert desk.heard == []


def test_a_public_key_is_no_shared_secret(post):
    """Who knows the public key must not be able to sign with it."""
    known = Secret("whsec_" + public(OURS).removeprefix("whpk_"))

    answer = post(sign_v1(known, b"msg_1.1771236131." + RAW))

    assert answer.status_code == 401


@pytest.mark.parametrize("bytes_", [b"\x00" * 32, b"\x01" + b"\x00" * 31, b"\xff" * 32])
def test_a_public_key_that_is_none_proves_nobody(post, bytes_):
    whpk = "whpk_" + base64.b64encode(bytes_).decode()

    assert post(signature(OURS), whpk).status_code == 401
