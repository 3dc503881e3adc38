"""What workers say of their API keys, and when the doctor lets an old one go."""

from dataclasses import replace
from datetime import timedelta

from factories import NOON

from workers.offboarding.key_checks import Keys, key_checks
from workers.offboarding.key_notice import key_too_old
from workers.offboarding.key_uses import KeyUse, UsedKey, WorkerWord

DAY = timedelta(days=1)
PLACE = ("acct1", "iks-functional-1")
NEW = KeyUse(
    *PLACE, NOON, "IBMid-FID", "ApiKey-new", "offboard", made_at=NOON - 2 * DAY
)
OLD = replace(NEW, since=NOON - 50 * DAY, key_id="ApiKey-old", made_at=NOON - 60 * DAY)


def word(worker, *uses, at=NOON, **more):
    return WorkerWord(worker, at, uses, **more)


def keys(*words, used=(), listed=("ApiKey-new", "ApiKey-old"), **more):
    ids = frozenset(listed) if listed is not None else None
    ever = [UsedKey(one, NOON - DAY) for one in used]
    given = {"places": (PLACE,), "listed": {PLACE: ids}, **more}
    return Keys(words=words, used=ever, now=NOON, max_age=timedelta(days=90), **given)


def said(found):
    return [(one.what, one.verdict.value, one.text) for one in key_checks(found)]


def test_an_old_key_may_go_when_every_worker_proves_the_new_one():
    in_use, unused = key_checks(keys(word("w1", NEW), word("w2", NEW), used=[NEW, OLD]))

    assert in_use.verdict == "ok"
    assert in_use.text == (
        'All 2 workers use the API key "offboard" (ApiKey-new, made on 2026-11-21) of '
        "iks-functional-1."
    )
    assert unused.text == (
        'The other API key "offboard" (ApiKey-old, made on 2026-09-24) of '
        "iks-functional-1 is used by no worker since 2026-11-22 12:00 UTC: it can be "
        "deleted."
    )
    assert unused.command == (
        "ibmcloud target -c acct1 && ibmcloud iam api-key-delete ApiKey-old"
    )


def test_while_one_worker_uses_it_still_no_word_says_that_it_may_go():
    found = keys(word("w1", NEW), word("w2", OLD), used=[NEW, OLD])

    assert said(found) == [
        (
            "api_key_in_use",
            "warning",
            '1 of 2 workers use the API key "offboard" (ApiKey-new, made on '
            '2026-11-21) of iks-functional-1; w2 uses "offboard" (ApiKey-old, made on '
            "2026-09-24) since 2026-10-04 12:00 UTC.",
        )
    ]


def test_a_worker_that_is_gone_for_a_minute_holds_nothing_up():
    gone = word("w2", OLD, at=NOON - timedelta(seconds=61))

    assert [
        one.what for one in key_checks(keys(word("w1", NEW), gone, used=[OLD]))
    ] == [
        "api_key_in_use",
        "api_key_unused",
    ]


def test_a_worker_whose_key_iam_does_not_show_proves_nothing():
    unseen = replace(NEW, key_id="", made_at=None, unseen="403.")

    (one,) = key_checks(keys(word("w1", NEW), word("w2", unseen), used=[NEW, OLD]))

    assert (one.verdict, one.text) == (
        "unproven",
        "Which API key of iks-functional-1 w2 uses could not be seen: 403.",
    )


def test_a_key_that_is_not_taken_is_a_fault_with_its_mending():
    bad = replace(OLD, declined="IBM Cloud answered 400.")

    (one,) = key_checks(keys(word("w1", bad), used=[OLD]))

    assert one.verdict == "failed"
    assert one.text == (
        "The key that stands in the file of iks-functional-1 is not taken by 1 of 1 "
        "worker (w1): IBM Cloud answered 400. In use is still the API key "
        '"offboard" (ApiKey-old, made on 2026-09-24).'
    )
    assert one.command == (
        "ibmcloud target -c acct1 && ibmcloud iam api-key-create offboard --file "
        "offboard-apikey.json"
    )


def test_what_is_deleted_already_or_another_identitys_is_not_named():
    other = replace(OLD, key_id="ApiKey-other", iam_id="IBMid-2")
    found = keys(word("w1", NEW), used=[OLD, other], listed=("ApiKey-new",))

    assert [one.what for one in key_checks(found)] == ["api_key_in_use"]


def test_whether_an_old_key_is_there_still_may_not_be_seen():
    _, one = key_checks(keys(word("w1", NEW), used=[OLD], listed=None))

    assert one.verdict == "unproven"
    assert "whether it is still there was not seen" in one.text


def test_where_no_worker_said_anything_nothing_is_proven():
    assert [one[:2] for one in said(keys(used=[OLD]))] == [
        ("api_key_in_use", "unproven")
    ]


def test_from_ten_days_before_it_is_too_old_a_key_is_warned_of():
    young = replace(NEW, made_at=NOON - 79 * DAY)
    due = replace(NEW, made_at=NOON - 80 * DAY)

    assert [one.what for one in key_checks(keys(word("w1", young)))] == [
        "api_key_in_use"
    ]
    _, one = key_checks(keys(word("w1", due)))
    assert (one.what, one.verdict) == ("api_key_age", "warning")
    assert "is 80 days old; after 90 it is too old." in one.text


def test_an_age_that_iam_does_not_say_is_said_as_not_seen():
    _, one = key_checks(keys(word("w1", replace(NEW, made_at=None))))

    assert (one.what, one.verdict) == ("api_key_age", "unproven")


def test_files_that_a_worker_could_not_take_in_are_named():
    one, _ = key_checks(keys(word("w1", NEW, setting_faults=("Not TOML.",))))

    assert (one.what, one.verdict) == ("settings_files", "failed")
    assert "1 worker (w1) could not take in" in one.text


def test_a_service_id_s_key_goes_by_a_command_of_its_own():
    mine = [replace(one, iam_id="iam-ServiceId-1a2b") for one in (NEW, OLD)]

    _, one = key_checks(keys(word("w1", mine[0]), used=[mine[1]]))

    assert one.command == (
        "ibmcloud target -c acct1 && ibmcloud iam service-api-key-delete ApiKey-old "
        "ServiceId-1a2b"
    )


def test_a_key_that_is_too_old_is_told_once_and_again_each_week():
    made_at = NOON - 90 * DAY
    ids = [
        key_too_old(NEW, made_at, max_age=timedelta(days=90), at=NOON + day * DAY).id
        for day in (0, 6, 7, 13, 14)
    ]

    assert ids[0] == ids[1] != ids[2]
    assert ids[2] == ids[3] != ids[4]
