"""Whether hosts and keys are good, tried against the simulated account."""

from dataclasses import replace

import pytest
from ibmcloud_scenes import (
    ACCOUNT,
    READER_KEY,
    a_functional_id,
    an_account,
    settings_for,
)

from config.settings import Secret
from workers.ibmcloud.reach import reach_checks
from workers.offboarding.health import Verdict

NOBODY = "http://127.0.0.1:1"


@pytest.fixture
def checked(simulator):
    def asked(account=None, **changed):
        given = account or an_account(reader=READER_KEY)
        settings = replace(
            settings_for(simulator.url), accounts_file=(given,), **changed
        )
        return [ask() for ask in reach_checks(settings)]

    return asked


def named(found, what):
    return [one for one in found if one.what == what]


def test_hosts_that_answer_and_keys_that_are_taken_are_ok(checked, simulator):
    found = checked()

    assert {one.verdict for one in found} == {Verdict.OK}
    assert [one.text for one in named(found, "api_key")] == [
        "IAM takes the key of functional-id: it is Cluster Steward's.",
        "IAM takes the key of the reader: it is reader's.",
    ]
    assert {one.account_id for one in named(found, "api_key")} == {ACCOUNT}
    assert simulator.journal.writes() == []


@pytest.mark.parametrize(
    "name",
    ["iam_url", "containers_url", "user_management_url", "resource_manager_url"],
)
def test_a_host_that_is_not_there_is_named_by_its_setting(checked, name):
    found = checked(**{name: NOBODY})

    [bad] = [one for one in named(found, "host") if one.verdict is not Verdict.OK]
    assert bad.verdict is Verdict.FAILED
    assert bad.text == f"{NOBODY} cannot be connected to."
    assert f"OFFBOARD_{name.upper()}" in bad.mend


def test_iam_away_leaves_the_keys_unproven(checked):
    keys = named(checked(iam_url=NOBODY), "api_key")

    assert {one.verdict for one in keys} == {Verdict.UNPROVEN}


def test_each_key_that_iam_refuses_is_named_and_the_others_are_not(checked):
    bad = a_functional_id("worn-out", "planted-key-000000000000000000000000003")

    found = checked(an_account(a_functional_id(), bad, reader=READER_KEY))

    [refused] = [one for one in found if one.verdict is Verdict.FAILED]
    assert refused.what == "api_key"
    assert refused.text.startswith("The key of worn-out: ")
    assert refused.account_id == ACCOUNT
    assert "Who mends it: " in refused.mend
    assert "planted-key" not in repr(refused)


def test_a_key_of_another_account_is_refused(checked):
    other = replace(an_account(reader=READER_KEY), id="anotheraccount")

    keys = named(checked(other), "api_key")

    assert {one.verdict for one in keys} == {Verdict.FAILED}


def test_a_key_that_is_no_key_is_told(checked):
    account = replace(an_account(), reader=Secret('"quoted"'))

    [reader] = [
        one for one in named(checked(account), "api_key") if "the reader" in one.text
    ]

    assert reader.verdict is Verdict.FAILED
