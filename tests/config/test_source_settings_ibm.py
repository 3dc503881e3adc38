import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from config.settings import Settings, SettingsError

NAME = "OFFBOARD_SOURCE_IBM_ACTIVITY_PUBLIC_KEY"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(key):
    return (
        key.public_key()
        .public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def private_pem(key):
    return key.private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    ).decode()


PEM = public_pem(KEY)


def read(environ):
    return Settings.from_env(environ).sources.ibm_activity.public_key


def test_a_public_key_is_read_as_it_is():
    assert read({NAME: PEM}) == PEM.strip()


def test_its_newlines_may_be_written_as_in_json():
    assert read({NAME: PEM.replace("\n", "\\n")}) == PEM.strip()


def test_it_may_come_as_a_file(tmp_path):
    (tmp_path / "key.pem").write_text(PEM)

    assert read({f"{NAME}_FILE": str(tmp_path / "key.pem")}) == PEM.strip()


SHORT = "Give an RSA key of 2048 bits or more."
NONE = "Give an RSA public key as PEM."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("no key", NONE),
        (PEM[:200], NONE),
        (private_pem(KEY), NONE),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", NONE),
        (public_pem(ec.generate_private_key(ec.SECP256R1())), SHORT),
        (public_pem(rsa.generate_private_key(65537, 1024)), SHORT),  # noqa: S505 - refused
    ],
)
def test_what_is_no_fit_key_is_a_fault_at_start(text, sentence):
    with pytest.raises(SettingsError) as caught:
        read({NAME: text})

    assert caught.value.faults == [f"{NAME}: {sentence}"]


VERIFY = {
    "OFFBOARD_SOURCE_IBM_VERIFY_SECRET": "verify-demo-secret",
    "OFFBOARD_SOURCE_IBM_VERIFY_API_URL": "https://tenant.example.com",
}
WORKER = {"OFFBOARD_ACCOUNT_ID": "b1f3", "OFFBOARD_READER_APIKEY": "key-of-the-reader"}


@pytest.mark.parametrize(
    ("process", "missing"),
    [("web", ["CLIENT_ID"]), ("worker", ["CLIENT_ID", "CLIENT_SECRET"])],
)
def test_a_verify_tenant_that_is_asked_needs_its_api_client(process, missing):
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({**WORKER, **VERIFY}, process=process)

    assert caught.value.faults == [
        f"OFFBOARD_SOURCE_IBM_VERIFY_{name}: Needed with SOURCE_IBM_VERIFY_API_URL."
        for name in missing
    ]


def test_a_verify_tenant_that_is_not_asked_needs_none():
    secret = {"OFFBOARD_SOURCE_IBM_VERIFY_SECRET": "verify-demo-secret"}

    Settings.from_env({**WORKER, **secret}, process="worker")
