"""Answers nobody foresaw end as errors of the domain, and never as ours."""

import math

import pytest

from workers.offboarding.errors import OffboardingError, Reason, TransientError
from workers.store.codec import encode

USERS = "GET /v2/accounts/3f0aa1d2b4c65e7f8091a2b3c4d5e6f7/users"
TOO_DEEP = "[" * 100_000
NO_NUMBER = '{"resources": [], "total_count": ' + "9" * 5_000 + "}"
HALF = "\ud83d"


@pytest.fixture
def calls(far_cloud, target):
    """Each reading, and the call that brings its answer."""
    return {
        USERS: far_cloud.people,
        "GET /v1/apikeys": far_cloud.cluster_keys,
        "GET /global/v1/logging/c1/clusterkeyowner": (
            lambda: far_cloud.key_owner(target("c1"))
        ),
    }


@pytest.mark.parametrize("body", [TOO_DEEP, NO_NUMBER, "{", "[]", '"text"', "null"])
@pytest.mark.parametrize(
    "call", [USERS, "GET /v1/apikeys", "GET /global/v1/logging/c1/clusterkeyowner"]
)
def test_a_body_that_cannot_be_read_is_an_error_of_the_domain(far, calls, call, body):
    far.says(call, body)

    try:
        said = calls[call]()
    except OffboardingError as error:
        said = error

    # The key owner's answer may be empty: then nobody is named, which is no owner.
    is_unread = getattr(said, "reason", None) is not None
    assert isinstance(said, TransientError) or is_unread


@pytest.mark.parametrize("body", [TOO_DEEP, "{"])
def test_odd_lists_are_noted_and_hide_no_other(far, far_cloud, body):
    for kind in ("vpc", "classic", "satellite"):
        far.says(f"GET /global/v2/{kind}/getClusters", body)
    far.says("GET /v2/resource_instances", body)
    far.says("GET /v2/resource_groups", body)

    found = far_cloud.targets().checked()

    assert {note.reason for note in found.unseen} == {Reason.LIST_UNREADABLE}
    assert len(found.unseen) == 3


@pytest.mark.parametrize("body", [TOO_DEEP, "{", "[]"])
def test_odd_policies_prove_nothing(far, far_cloud, body):
    far.says("GET /v2/policies", body)
    far.says("GET /v2/groups", body)

    assert far_cloud.visibility().is_proven is False


@pytest.mark.parametrize("ends", [1e20, -1e18, math.nan, math.inf])
def test_a_token_that_ends_at_no_time_there_is_is_no_token(far, far_cloud, ends):
    far.answers.clear()
    far.gives_tokens(exp=ends)

    with pytest.raises(TransientError):
        far_cloud.people()


def test_half_a_sign_in_a_name_can_be_stored(far, far_cloud):
    group = {"id": "9f6b", "name": f"pay{HALF}"}
    far.says("GET /v2/resource_groups", {"resources": [group]})
    for kind in ("vpc", "classic", "satellite"):
        far.says(f"GET /global/v2/{kind}/getClusters", [])
    far.says(USERS, {"resources": [{"iam_id": f"IBMid-1{HALF}", "email": HALF}]})

    found, people = far_cloud.targets().checked(), far_cloud.people()

    assert encode(found.group_names).startswith('{"9f6b":"pay')
    assert "IBMid-1" in encode(people)


def test_somebody_listed_twice_does_not_stand_for_somebody_else(far, far_cloud):
    dana = {"iam_id": "IBMid-1", "email": "dana.lee@example.com"}
    far.says(USERS, {"resources": [dana, dana], "total_results": 2})

    with pytest.raises(TransientError, match="1 users came of 2"):
        far_cloud.people()
