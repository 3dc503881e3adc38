"""Whatever is sent: no 5xx, and no departure that the plain library would not see."""

import json

import fakeredis
import pytest
from fake_desk import NOW, SETTINGS, FakeDesk
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from pydantic import ValidationError
from scim2_models import Context, EnterpriseUser, PatchOp, SCIMException
from scim2_models import User as StockUser
from scim_scenes import CORE, PATCH, TOKEN

from config.settings import Secret
from config.sources import Sources, SourceSettings
from service.app import create_app
from service.scim.errors import ScimError
from service.scim.patch import patched
from service.scim.resources import LENIENT
from workers.desk.scim_users import ScimUsers
from workers.offboarding.scim_users import ScimEmail, ScimUser
from workers.store.scim import ScimTable

few = bounded(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
many = bounded(few, max_examples=400)

FLAGS = st.sampled_from([True, False, "True", "false", "FALSE", "true"])
LOOSE = st.sampled_from([0, 1, "off", "yes", "on", "1", None, [], {}, [True], ""])
ACTIVE = st.sampled_from(
    ["active", "Active", f"{CORE}:active", f"{CORE.lower()}:ACTIVE"]
)
TEXTS = st.sampled_from(["x", "Dana", "dana@example.com", "E-1"])
OTHER = st.sampled_from(["title", "externalId", "displayName", "name.familyName"])
OPS = st.sampled_from(["add", "Add", "replace", "Replace", "REPLACE"])


NAMES = st.sampled_from(["active", "title", "externalId", None, "userName"])
NEW_EMAIL = {"path": 'emails[type eq "work"].value', "value": "new@example.com"}

one_flag = st.dictionaries(ACTIVE, FLAGS | LOOSE, max_size=1)
written = st.one_of(
    st.fixed_dictionaries({"path": ACTIVE, "value": FLAGS | LOOSE}),
    st.fixed_dictionaries(
        {"value": st.dictionaries(ACTIVE, FLAGS | LOOSE, max_size=1)}
    ),
    st.fixed_dictionaries({"path": OTHER, "value": TEXTS}),
    st.fixed_dictionaries({"value": st.dictionaries(OTHER, TEXTS, max_size=2)}),
    st.just(NEW_EMAIL),
)
operations = st.one_of(
    st.builds(lambda op, rest: {"op": op, **rest}, OPS, written),
    st.fixed_dictionaries({"op": st.just("remove"), "path": NAMES}),
)


def a_row(active):
    return ScimUser(
        "01KHJ2V0W8Q3RZ5T7X9YABCDEF",
        "dana.lee@example.com",
        active,
        1,
        NOW,
        NOW,
        emails=(ScimEmail("dana.lee@example.com", "work", True),),
    )


def by_the_library(active, body):
    """Apply a body to the library's own user; None where it does not take it."""
    user = StockUser[EnterpriseUser](user_name="dana.lee@example.com", active=active)
    try:
        patch = PatchOp[StockUser[EnterpriseUser]].model_validate(
            body, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=LENIENT
        )
        patch.patch(user, scim_policy=LENIENT)
    except (ValidationError, SCIMException):
        return None
    return user


def is_loose(value):
    if isinstance(value, str):
        return value.lower() not in ("true", "false")
    return not isinstance(value, bool)


def takes_too_much(operation):
    """Tell whether an operation is one that we refuse whatever the library says."""
    if operation["op"] == "remove":
        return operation["path"] == "active"
    path = operation.get("path")
    pairs = {path: operation["value"]} if path else operation["value"]
    return any(
        name.lower().endswith("active") and is_loose(value)
        for name, value in pairs.items()
    )


@many
@given(st.booleans(), st.lists(operations, min_size=1, max_size=4))
def test_a_patch_ends_as_the_library_says_or_is_refused(active, sent):
    body = {"schemas": [PATCH], "Operations": sent}
    expected = by_the_library(active, body)
    try:
        row = patched(a_row(active), body)
    except (ScimError, ValidationError, SCIMException):
        assert expected is None or any(takes_too_much(one) for one in sent)
        return

    assert expected is not None
    assert not any(takes_too_much(one) for one in sent)
    assert row.active is expected.active
    assert row.external_id == expected.external_id


@pytest.fixture(scope="module")
def place():
    """One application for all examples: client, desk, and a user's id."""
    on = SourceSettings(secret=(Secret(TOKEN),))
    with fakeredis.FakeRedis(decode_responses=True) as store:
        desk = FakeDesk()
        desk.scim = ScimUsers(
            ScimTable(store), hear=desk.hear, quarantine=desk.quarantine
        )
        settings = SETTINGS.__class__(sources=Sources(scim=on))
        client = create_app(settings, desk, clock=lambda: NOW).test_client()
        made = client.post(
            "/scim/v2/Users",
            json={"userName": "dana.lee@example.com"},
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
        yield client, made.json["id"]


def status_of(place, method, path, raw, kind="application/scim+json"):
    client, user_id = place
    answer = client.open(
        f"/scim/v2{path.format(id=user_id)}",
        method=method,
        data=raw,
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": kind},
    )
    assert answer.headers["Content-Type"] == "application/scim+json"
    return answer.status_code


PLACES = st.sampled_from(
    [("POST", "/Users"), ("PUT", "/Users/{id}"), ("PATCH", "/Users/{id}")]
)


@few
@given(PLACES, st.binary(max_size=200))
def test_no_bytes_bring_a_5xx(place, where, raw):
    assert status_of(place, *where, raw) < 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["active", "userName", "emails", "value", "op", CORE, "id"])
            | st.text(max_size=6),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@few
@given(
    PLACES,
    st.dictionaries(
        st.sampled_from(
            ["userName", "active", "Operations", "emails", "schemas", CORE]
        ),
        JSON,
    ),
)
def test_no_json_brings_a_5xx(place, where, body):
    raw = json.dumps(body).encode("utf-8", "surrogatepass")

    assert status_of(place, *where, raw) < 500


PATHS = (
    st.sampled_from(
        ["active", "emails", 'emails[type eq "work"]', f"{CORE}:active", ""]
    )
    | st.text(max_size=12)
    | st.text(alphabet='emails[type q"wor].vlu():', max_size=25)
)


@few
@given(
    st.lists(
        st.fixed_dictionaries(
            {"op": st.sampled_from(["add", "remove", "replace"]) | JSON},
            optional={
                "path": PATHS,
                "value": JSON | st.dictionaries(PATHS, JSON, max_size=3),
            },
        ),
        max_size=4,
    )
)
def test_no_operations_bring_a_5xx(place, sent):
    raw = json.dumps({"Operations": sent}).encode("utf-8", "surrogatepass")

    assert status_of(place, "PATCH", "/Users/{id}", raw) < 500


@few
@given(st.text(max_size=60) | st.text(alphabet='userNamqidtxl[]."() \\', max_size=60))
def test_no_filter_brings_a_5xx(place, text):
    client, _ = place
    answer = client.get(
        "/scim/v2/Users",
        query_string={
            "filter": text.encode("utf-8", "replace"),
            "attributes": text.encode("utf-8", "replace"),
        },
        headers={"Authorization": f"Bearer {TOKEN}"},
    )

    assert answer.status_code in (200, 400)


@few
@given(st.sampled_from(["GET", "PUT", "DELETE"]), st.text(min_size=1, max_size=30))
def test_no_path_brings_a_5xx(place, method, name):
    client, user_id = place
    if name == user_id:
        return
    answer = client.open(
        "/scim/v2/Users/" + name.encode("utf-8", "replace").decode(),
        method=method,
        headers={"Authorization": f"Bearer {TOKEN}"},
    )

    assert answer.status_code in (400, 404, 405)
