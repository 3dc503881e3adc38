import socket
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from verify_tenant import VerifyTenant

from config.settings import Secret, Settings
from config.sources import IbmVerifySettings, Sources
from workers.directories import wire
from workers.directories.ibm_verify import IbmVerifyDirectory, open_directory
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.heard import (
    Authn,
    Heard,
    HeardKind,
    Hint,
    Names,
    Unreadable,
    UnreadableError,
)
from workers.offboarding.model import Ignored

AT = datetime(2026, 3, 2, 9, 16, tzinfo=UTC)
HINT = Hint("ibm_verify", "ibm_verify:t-1:e-1", "modified", "50LEAVER01", AT)
USER = {
    "id": "50LEAVER01",
    "userName": "Dana.Lee@example.com",
    "active": False,
    "emails": [
        {"type": "work", "value": "dana.lee@example.com"},
        {"type": "other", "value": "d.lee@corp.example"},
    ],
}


@pytest.fixture
def tenant():
    running = VerifyTenant()
    running.users["50LEAVER01"] = dict(USER)
    yield running
    running.close()


@pytest.fixture
def directory(tenant):
    return IbmVerifyDirectory(tenant.url, "client-1", Secret("client-secret-1"))


def heard(kind, *emails):
    return Heard(
        source="ibm_verify",
        event_key="ibm_verify:t-1:e-1",
        native_type="modified",
        kind=kind,
        names=Names(emails=emails, ids=("50LEAVER01",)),
        occurred_at=AT,
        authn=Authn.LOOKUP,
    )


def test_a_user_who_is_not_active_is_disabled_with_all_their_emails(directory):
    assert directory.look_up(HINT) == heard(
        HeardKind.DISABLED, "dana.lee@example.com", "d.lee@corp.example"
    )


def test_a_user_who_is_active_is_nobody_who_leaves(directory, tenant):
    tenant.users["50LEAVER01"]["active"] = True

    assert directory.look_up(HINT) == Ignored("still_active")


def test_a_user_who_is_not_there_is_deleted_by_their_id_alone(directory, tenant):
    tenant.users.clear()

    assert directory.look_up(HINT) == heard(HeardKind.DELETED)


@pytest.mark.parametrize("body", [b"", b"<html>", {}, [], {"schemas": ["another"]}])
def test_a_404_that_is_not_of_scim_deletes_nobody(directory, tenant, body):
    tenant.scripted["GET"] = [(404, {}, body)]

    with pytest.raises(PermanentError) as told:
        directory.look_up(HINT)

    assert told.value.reason is Reason.UNEXPECTED_ANSWER


@pytest.mark.parametrize(
    "changed",
    [
        {"active": None},
        {"active": "false"},
        {"active": 0},
        {"id": "50ADMIN001"},
        {"id": None},
    ],
)
def test_an_answer_that_does_not_say_goes_to_quarantine(directory, tenant, changed):
    tenant.users["50LEAVER01"] |= changed

    with pytest.raises(UnreadableError) as told:
        directory.look_up(HINT)

    assert told.value.reason is Unreadable.UNKNOWN_SHAPE


@pytest.mark.parametrize(
    "changed",
    [
        {"userName": "dlee", "emails": None},
        {"userName": None, "emails": [{}, None, {"value": 7}, {"value": "x"}]},
    ],
)
def test_a_user_without_an_email_has_the_id(directory, tenant, changed):
    tenant.users["50LEAVER01"] |= changed

    assert directory.look_up(HINT) == heard(HeardKind.DISABLED)


@pytest.mark.parametrize(
    "subject", ["", "..", ".", "a/b", "a?b", "a#b", "\u00e9", "x" * 129]
)
def test_what_is_no_id_is_not_asked_for(directory, tenant, subject):
    with pytest.raises(UnreadableError) as told:
        directory.look_up(replace(HINT, subject=subject))

    assert told.value.reason is Unreadable.NO_PERSON
    assert tenant.asked == []


def test_one_token_serves_while_it_holds(directory, tenant):
    for _ in range(3):
        directory.look_up(HINT)

    assert [one[0] for one in tenant.asked] == ["POST", "GET", "GET", "GET"]
    assert tenant.asked[1][1] == "/v2.0/Users/50LEAVER01"


@pytest.mark.parametrize("lasts", [0, 60, None, "3600"])
def test_a_token_that_soon_ends_is_not_kept(directory, tenant, lasts):
    tenant.lasts = lasts

    for _ in range(2):
        directory.look_up(HINT)

    assert [one[0] for one in tenant.asked] == ["POST", "GET", "POST", "GET"]


def test_a_token_that_never_ends_is_kept_for_a_while(directory, tenant):
    tenant.lasts = 10**400

    assert directory.look_up(HINT).kind is HeardKind.DISABLED


def test_a_token_that_was_revoked_is_replaced_once(directory, tenant):
    directory.look_up(HINT)
    tenant.token = "token-2"

    assert directory.look_up(HINT).kind is HeardKind.DISABLED


def test_a_client_that_is_refused_is_for_a_person_to_mend(tenant):
    directory = IbmVerifyDirectory(tenant.url, "client-1", Secret("wrong-secret-1"))

    with pytest.raises(PermanentError) as told:
        directory.look_up(HINT)

    assert told.value.reason is Reason.BAD_KEY
    assert "wrong-secret-1" not in str(told.value)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, Reason.BAD_KEY),
        (403, Reason.NO_ROLE),
        (400, Reason.UNEXPECTED_ANSWER),
        (204, Reason.UNEXPECTED_ANSWER),
    ],
)
def test_a_refusal_is_not_tried_again(directory, tenant, status, reason):
    tenant.scripted["GET"] = [(status, {}, b"")] * 2

    with pytest.raises(PermanentError) as told:
        directory.look_up(HINT)

    assert told.value.reason is reason


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(directory, tenant, method, status):
    elsewhere = {"Location": f"{tenant.url}/v2.0/Users/elsewhere"}
    tenant.scripted[method] = [(status, elsewhere, b"")]

    with pytest.raises(PermanentError):
        directory.look_up(HINT)

    assert "/v2.0/Users/elsewhere" not in [one[1] for one in tenant.asked]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [429, 500, 502, 503])
@pytest.mark.parametrize(
    ("given", "wait"),
    [({}, None), ({"Retry-After": "7"}, 7.0), ({"Retry-After": "99999"}, 3600.0)]
    + [({"Retry-After": one}, None) for one in ("soon", "-1", "nan", "")],
)
def test_what_passes_is_tried_again_after_the_wait_asked_for(
    directory, tenant, method, status, given, wait
):
    tenant.scripted[method] = [(status, given, b"")]

    with pytest.raises(TransientError) as told:
        directory.look_up(HINT)

    assert told.value.retry_after_seconds == wait


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff", b"[" * 100_000])
def test_an_answer_that_is_no_object_is_asked_for_again(
    directory, tenant, method, body
):
    tenant.scripted[method] = [(200, {}, body)]

    with pytest.raises(TransientError) as told:
        directory.look_up(HINT)

    assert told.value.reason is Reason.UNEXPECTED_ANSWER


@pytest.mark.parametrize("token", [None, "", 7, "a\nb", "caf\u00e9"])
def test_a_token_that_is_none_is_asked_for_again(directory, tenant, token):
    tenant.token = token

    with pytest.raises(TransientError):
        directory.look_up(HINT)


def test_a_silent_tenant_is_tried_again(directory, tenant, monkeypatch):
    monkeypatch.setattr(wire, "_TIMEOUT_SECONDS", (0.2, 0.2))
    tenant.silence_seconds = 0.6

    with pytest.raises(TransientError, match="ReadTimeout"):
        directory.look_up(HINT)


def test_an_answer_without_end_is_cut_off(directory, tenant):
    tenant.scripted["GET"] = [(200, {}, b'{"id": "' + b"x" * 1024 * 1024 + b'"}')]

    with pytest.raises(TransientError, match="too long"):
        directory.look_up(HINT)


def test_an_answer_that_never_ends_is_cut_off(directory, monkeypatch):
    monkeypatch.setattr(wire, "_LONGEST_SECONDS", -1)

    with pytest.raises(TransientError, match="takes too long"):
        directory.look_up(HINT)


def test_an_answer_that_breaks_off_is_tried_again(directory, tenant):
    tenant.scripted["GET"] = [(200, {"Content-Length": "99"}, b'{"id": "50')]

    with pytest.raises(TransientError):
        directory.look_up(HINT)


def test_a_tenant_that_is_away_is_tried_again():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        directory = IbmVerifyDirectory(url, "client-1", Secret("client-secret-1"))

        with pytest.raises(TransientError) as told:
            directory.look_up(HINT)

    assert "50LEAVER01" not in str(told.value)


def test_a_login_of_the_machine_does_not_take_the_place_of_the_token(
    directory, tenant, tmp_path, monkeypatch
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    directory.look_up(HINT)

    assert [one[2].get("Authorization") for one in tenant.asked] == [
        None,
        "Bearer token-1",
    ]


def test_a_directory_shows_no_secret(directory):
    directory.look_up(HINT)

    assert "client-secret-1" not in repr(directory)
    assert "token-1" not in repr(directory)


FULL = IbmVerifySettings(
    secret=(Secret("verify-demo-secret"),),
    api_url="https://tenant.example.com",
    client_id="client-1",
    client_secret=Secret("client-secret-1"),
)


def test_the_directory_is_that_of_the_settings():
    settings = Settings(sources=Sources(ibm_verify=FULL))

    assert open_directory(settings) == IbmVerifyDirectory(
        "https://tenant.example.com", "client-1", Secret("client-secret-1")
    )


@pytest.mark.parametrize("missing", ["api_url", "client_id", "client_secret"])
def test_without_its_settings_there_is_none(missing):
    mine = replace(FULL, **{missing: None})

    assert open_directory(Settings(sources=Sources(ibm_verify=mine))) is None
