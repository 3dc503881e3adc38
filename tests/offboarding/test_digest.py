"""What a day's digest says: whole texts, compared as they are."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from factories import DANA, FID, NOON, a_case, a_case_target

from workers.notify.mail_message import html_of, plain_text, text_of
from workers.notify.slack_blocks import message_of as slack_message_of
from workers.offboarding.digest import (
    Digest,
    Figures,
    Record,
    Waits,
    Weak,
    day_of,
)
from workers.offboarding.digest_notice import digest_notice
from workers.offboarding.errors import Reason
from workers.offboarding.exposure import Dependence
from workers.offboarding.failing import Failing
from workers.offboarding.functional_ids import FunctionalIdState
from workers.offboarding.key_uses import KeyUse
from workers.offboarding.model import (
    BlindSpot,
    CaseKind,
    CaseResult,
    CaseStatus,
    Channel,
    Leaver,
    Note,
    OpenedBy,
    Plan,
    ReportKind,
    ReportLine,
)
from workers.offboarding.notice import report_of_notice
from workers.offboarding.quiet import found_nothing
from workers.offboarding.report import Severity
from workers.offboarding.stuck import Still

EIGHT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
YESTERDAY = EIGHT - timedelta(days=1)
BEFORE = Record(YESTERDAY, Figures(4, 0, 2), {"safe": 3, "clean": 40, "attention": 1})
CALM = Digest(
    day=date(2026, 11, 24),
    at=EIGHT,
    before=BEFORE,
    is_armed=True,
    figures=Figures(4, 0, 0),
    surveyed_at=EIGHT - timedelta(hours=3),
    ended=BEFORE.ended,
)


def left(name, *reasons, **changed):
    notes = tuple(Note(one, str(one)) for one in reasons)
    leaver = Leaver(f"{name}@example.com", name=name)
    return a_case(id=f"01{name}", leaver=leaver, warnings=notes, **changed)


def held(name, *reasons, **changed):
    plan = Plan("sha256:1", NOON, tuple(Note(one, str(one)) for one in reasons))
    given = {"status": CaseStatus.WAITING, "plan": plan, "held_at": NOON, **changed}
    return replace(left(name), targets=(a_case_target(),), **given)


BUSY = replace(
    CALM,
    waits=Waits(
        cases=(
            held("Kim Roe", Reason.TOO_MANY_TARGETS),
            held("Lou Fox", Reason.AMBIGUOUS_PERSON, is_gone=True),
        ),
        many=8,
        braked=31,
        braked_since=NOON,
        paused=("production",),
        quarantined={"okta": 2, "hibob": 1},
        running_out=1,
        running_out_at=EIGHT + timedelta(days=2),
        untold=("01A", "01B"),
        untold_many=3,
        untold_notices=1,
        stills=(Still("01C", NOON, "target.reset"),),
        damaged=("01D",),
    ),
    weak=Weak(
        functional_ids=(
            FunctionalIdState(
                "acct1",
                FID,
                NOON,
                name="iks-functional-1",
                keys=18,
                owns=18,
                weak=(Note(Reason.FEW_KEY_SLOTS, "It has 18 of 20 API keys."),),
            ),
        ),
        refused=("staging",),
        silent=(("okta", NOON),),
        failing=(Failing("acct2", NOON, "403", 3),),
    ),
    figures=Figures(6, 1, 1),
    left=(Dependence(DANA, 2, 3, has_left=True),),
    names={"acct1": "production"},
    ended={"safe": 5, "clean": 52, "attention": 2, "planned": 1},
    clean=(
        left("Ann Oak"),
        left("Bo Ash", Reason.PERSON_NOT_FOUND),
        left("Cy Elm", Reason.VISIBILITY_NOT_PROVEN),
    ),
    clean_many=12,
    public_url="https://offboard.example.com",
)


def text(one):
    return text_of(report_of_notice(digest_notice(one)))


def subject(one):
    return plain_text(report_of_notice(digest_notice(one)).subject)


HERE = Path(__file__).parent / "digests"


def as_written(name):
    return (HERE / f"{name}.txt").read_text(encoding="utf-8")


def test_with_nothing_to_say_it_says_that_in_one_line():
    one = replace(CALM, figures=BEFORE.figures)

    assert subject(one) == "[offboard] Daily digest: nothing waits for a person"
    assert text(one).splitlines()[0] == (
        "Daily digest: nothing waits for a person. Nobody's departure ended since the "
        "last digest. 4 departures from an outage, as at the last digest."
    )
    assert digest_notice(one).parts == ()
    assert digest_notice(one).severity is Severity.NEUTRAL


def test_a_service_that_is_not_armed_says_so():
    one = replace(CALM, figures=BEFORE.figures, is_armed=False)

    assert (
        text(one)
        .splitlines()[0]
        .endswith(
            "The service is not armed: every case is a dry run, and nothing is taken "
            "over."
        )
    )


def test_what_needs_a_person_stands_first():
    assert subject(BUSY) == (
        "[offboard] Daily digest: 8 cases wait for a decision, 31 "
        "departures wait behind the brake, resets are paused, and 8 more"
    )
    assert text(BUSY) == as_written("busy")
    assert digest_notice(BUSY).severity is Severity.ATTENTION


def test_a_day_on_which_people_left_who_owned_nothing_is_told_by_their_names():
    one = replace(
        CALM,
        ended={"safe": 5, "clean": 52, "attention": 1},
        clean=tuple(left(f"Person {number}") for number in range(25)),
        clean_many=10_000,
    )

    assert subject(one) == (
        "[offboard] Daily digest: nothing waits for a person, 2 safe, 10000 owned "
        "nothing"
    )
    assert text(one) == as_written("clean")


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (None, Figures(4, 0, 1), "1 target could not be read."),
        (Figures(4, 0, 3), Figures(4, 0, 1), "2 fewer than at the last digest."),
        (Figures(4, 0, 1), Figures(4, 0, 1), "as at the last digest."),
        (Figures(4, 0, 1), Figures(4, 0, 0), "Every target could be read again."),
        (Figures(4, 2, 0), Figures(4, 0, 0), "Nobody who left owns a key any more."),
        (Figures(5, 0, 0), Figures(4, 0, 0), "4 departures from an outage, 1 fewer"),
    ],
)
def test_exposure_says_how_it_changed(before, now, said):
    one = replace(CALM, before=replace(BEFORE, figures=before), figures=now)

    assert said in text(one)


def test_what_no_survey_has_seen_is_not_taken_for_nothing():
    one = replace(CALM, figures=None, surveyed_at=None)

    assert "Not every account was surveyed yet, so nobody can tell." in text(one)
    assert one.record.figures == BEFORE.figures


def test_counts_that_went_back_with_an_old_store_are_none_below_zero():
    one = replace(CALM, ended={"safe": 1})

    assert one.ended_since("safe") == 0


def test_it_holds_no_name_that_slack_or_a_header_would_read_as_more():
    one = replace(CALM, clean=(left("<!channel> *x*\nBcc: a"),), clean_many=1)

    message = slack_message_of(report_of_notice(digest_notice(one)), None)

    assert "<!channel>" not in str(message)
    assert "\n" not in subject(one)


def test_a_full_one_stays_within_what_slack_takes():
    names = [f"{number} " + "&<x" * 40 for number in range(25)]
    one = replace(
        BUSY,
        clean=tuple(left(name) for name in names),
        waits=replace(BUSY.waits, cases=BUSY.waits.cases * 20, many=5_000),
    )

    message = slack_message_of(report_of_notice(digest_notice(one)), "https://x.test")

    assert len(str(message.blocks)) < 13_000
    assert len(message.blocks) <= 45


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 11, 24, 7, 59, 59, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 11, 24, 8, 0, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 11, 24, 23, 59, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 11, 25, 0, 0, tzinfo=UTC), date(2026, 11, 24)),
    ],
)
def test_a_day_is_due_from_its_hour_on(now, day):
    assert day_of(now, time(8, 0)) == day


CLEAN = {"status": CaseStatus.SETTLED, "result": CaseResult.CLEAN}
BLIND = BlindSpot("acct1/x/y", "known", "robin", NOON, NOON)
SLACK_FINAL = ReportLine(Channel.SLACK, ReportKind.FINAL)
SLACK_DIGEST = ReportLine(Channel.SLACK, ReportKind.DIGEST)


@pytest.mark.parametrize(
    ("case", "can_wait"),
    [
        (left("Ann", **CLEAN), True),
        (left("Ann", Reason.PERSON_NOT_FOUND, **CLEAN), True),
        (left("Ann", Reason.VISIBILITY_NOT_PROVEN, **CLEAN), True),
        (left("Ann", Reason.SCOPE_LIMITED, **CLEAN), False),
        (left("Ann", Reason.EXTRA_RESET, **CLEAN), False),
        (left("Ann", Reason.LIST_SHORT, **CLEAN), False),
        (left("Ann", **CLEAN, opened_by=OpenedBy("api", None, "robin")), False),
        (left("Ann", **CLEAN, opened_by=OpenedBy("standard", "k", "x")), False),
        (left("Ann", **CLEAN, askers=("robin",)), False),
        (left("Ann", **CLEAN, kind=CaseKind.ADOPTION), False),
        (left("Ann", **CLEAN, reports=(SLACK_FINAL,)), False),
        (left("Ann", **CLEAN, reports=(SLACK_DIGEST,)), True),
        (left("Ann", **CLEAN | {"result": CaseResult.SAFE}), False),
        (left("Ann", **CLEAN | {"result": CaseResult.ATTENTION}), False),
        (left("Ann", Reason.NOT_ARMED, **CLEAN | {"result": "planned"}), True),
        (
            replace(
                left("Ann", **CLEAN | {"result": CaseResult.PLANNED}),
                targets=(a_case_target(),),
            ),
            False,
        ),
        (
            held("Ann", Reason.TOO_MANY_TARGETS, **CLEAN | {"result": "planned"}),
            False,
        ),
        (
            replace(left("Ann", **CLEAN), targets=(a_case_target(blind=BLIND),)),
            True,
        ),
    ],
)
def test_only_what_found_nothing_and_nobody_asked_for_can_wait(case, can_wait):
    assert found_nothing(case) is can_wait


def test_a_list_is_one_press_away_in_slack_and_in_a_mail():
    report = report_of_notice(digest_notice(BUSY))

    message = slack_message_of(report, None)
    mail = html_of(report)

    address = "https://offboard.example.com/?show=waiting"
    assert f"<{address}|Open the list>" in str(message.blocks)
    assert f'<a href="{address}">Open the list</a>' in mail


def test_without_pages_no_list_is_linked():
    report = report_of_notice(digest_notice(replace(BUSY, public_url=None)))

    assert "Open the list" not in str(slack_message_of(report, None).blocks)
    assert "Open the list" not in html_of(report)


def test_an_api_key_that_is_too_old_is_said_until_it_is_rotated():
    key = KeyUse("acct1", "reader", NOON, key_id="ApiKey-1", made_at=NOON)

    notice = digest_notice(replace(CALM, weak=Weak(old_keys=(key,))))

    (part,) = [one for one in notice.parts if one.title == "Grows weak"]
    (item,) = part.items
    assert "".join(str(getattr(one, "text", one)) for one in item.line) == (
        "The API key of reader in account acct1 was made on 2026-11-23: rotate it."
    )
    assert notice.about == ("1 API key too old",)
