"""What stands in a pack, as those read it who never saw the service."""

import csv
import io
import re

import pytest
from pack_scenes import (
    BEFORE,
    DALLAS,
    DANA,
    HOSTILE,
    KAI,
    QUARTER,
    ROBIN,
    a_book,
    a_safe_case,
    faults,
    members,
    one_case,
    opened,
    quarter,
    said,
)

from workers.offboarding.pack.case_page import case_page
from workers.offboarding.pack.clocks import OLDER
from workers.offboarding.pack.matching import Person
from workers.offboarding.pack.period import received_at
from workers.offboarding.pack.story import story_of
from workers.offboarding.pack.tables import cell


def rows(raw, name):
    text = members(raw)[name].decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def story(*entries):
    book = a_book()
    book.seal("01NEW", *entries)
    return story_of(book.pack("01NEW"))


@pytest.mark.parametrize("begin", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_cell_that_a_spreadsheet_would_run_begins_with_an_apostrophe(begin):
    assert cell(begin) == f"'{begin}"
    assert cell("okta:-1") == "okta:-1"


def test_no_table_has_a_cell_that_a_spreadsheet_would_run():
    raw = quarter(people=(Person("=cmd@example.com"),))
    for name in ("leavers.csv", "targets.csv", "events.csv", "matched.csv"):
        text = members(raw)[name].decode()
        for row in csv.reader(io.StringIO(text, newline="")):
            assert not [each for each in row if each.startswith(tuple("=+-@\t\r"))]
    assert [one["person_as_told"] for one in rows(raw, "leavers.csv")][2] == (
        f"'{HOSTILE}"
    )


def test_every_event_stands_among_the_leavers_with_what_became_of_it():
    found = rows(quarter(), "leavers.csv")

    assert [(one["case_id"], one["became"], one["result"]) for one in found] == [
        (DANA, "case", "safe"),
        (DANA, "joined", "safe"),
        (ROBIN, "case", "attention"),
        (KAI, "case", "open"),
        ("01KXG13C80WA1T000000000000", "quarantine", "no_person"),
    ]
    first = found[0]
    assert first["person_as_told"] == "Dana.Lee@example.com"
    assert first["event_key"] == "okta:1"
    assert first["effective_at"] == "2026-07-14T17:00:00Z"
    assert first["owner_safe_at"] == "2026-07-14T09:00:14Z"
    assert first["fully_safe_at"] == "2026-07-14T09:30:14Z"


def test_a_target_says_who_owned_it_before_and_who_was_read_back():
    [found] = rows(one_case(), "targets.csv")

    assert found["target_id"] == DALLAS
    assert (found["owner_before"], found["owner_after"]) == (
        "IBMid-550000DANA",
        "IBMid-6600001FID",
    )
    assert found["read_back_at"] == "2026-07-14T09:00:14Z"
    assert found["request_ids"] == "req-1"


def test_what_was_not_seen_is_named_with_its_reason():
    [found] = rows(one_case(ROBIN), "targets.csv")
    page = members(one_case(ROBIN))["case.html"].decode()

    assert (found["outcome"], found["reason"]) == ("unread", "no_role")
    assert "could not be seen" in page
    assert "Nobody may see it." in page
    assert "Needs attention" in page


def test_a_hostile_name_is_text_on_every_page():
    files = members(quarter())
    for name in ("index.html", f"cases/{ROBIN}/case.html"):
        page = files[name].decode()

        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script" not in page
        assert "\u202e" not in page


def test_a_page_fetches_nothing_and_runs_nothing():
    for name, raw in members(quarter()).items():
        if name.endswith(".html"):
            page = raw.decode()
            assert "default-src 'none'" in page
            assert not re.findall(r"(?:src|href)=\"(?!cases/)", page)
            assert "http" not in page.replace("http-equiv", "").replace(
                "http://evil.example", ""
            )


def test_those_not_safe_come_first_on_the_first_page():
    page = members(quarter())["index.html"].decode()

    assert page.index(f"cases/{ROBIN}/") < page.index(f"cases/{KAI}/")
    assert page.index(f"cases/{KAI}/") < page.index(f"cases/{DANA}/")


def test_a_case_that_the_register_names_and_the_pack_lacks_is_named():
    page = members(quarter(cases=(DANA, KAI)))["index.html"].decode()

    assert ROBIN in page
    assert "and they are not here" in page
    assert BEFORE not in page


def test_without_a_register_the_first_page_says_what_it_cannot_show(tmp_path):
    raw = quarter(register=False)

    assert "This pack has no register" in members(raw)["index.html"].decode()
    assert "NOT that no case is missing" in members(raw)["HOW-TO-VERIFY.txt"].decode()
    assert faults(raw, tmp_path / "p.zip") == []


def test_hr_s_list_is_matched_by_any_name_of_a_person():
    people = (
        Person("dana.lee@example.com"),
        Person("r.b@example.com", ("IBMid-550000ROBN",)),
        Person("never@example.com"),
    )

    found = rows(quarter(people=people), "matched.csv")

    assert [(one["match"], one["hr_email"], one["case_id"]) for one in found] == [
        ("on HR's list, no event here", "never@example.com", ""),
        ("event here, not on HR's list", "", KAI),
        ("both", "dana.lee@example.com", DANA),
        ("both", "dana.lee@example.com", DANA),
        ("both", "r.b@example.com", ROBIN),
    ]


def test_nothing_of_hr_s_list_goes_into_the_pack_but_the_names():
    raw = members(quarter(people=(Person("a@example.com", ("IBMid-1",)),)))["hr.jsonl"]

    assert raw == b'{"also":["IBMid-1"],"email":"a@example.com"}\n'


def test_quarantine_tells_no_more_than_it_has_to():
    raw = members(quarter())["quarantine.jsonl"]

    assert b"never in the pack" not in raw


def test_the_day_a_case_was_received_is_read_off_its_id():
    assert f"{received_at(DANA)}" == "2026-07-14 09:00:00+00:00"
    assert QUARTER.has(DANA)
    assert not QUARTER.has(BEFORE)
    # What tells no time is never left out.
    assert QUARTER.has("01A")


def test_the_second_clock_waits_for_every_follow_up():
    left = story(*a_safe_case(follow_ups=2), said(4000, "follow_up.done"))
    done = story(
        *a_safe_case(follow_ups=2),
        said(4000, "follow_up.done"),
        said(5000, "master.refreshed"),
    )

    assert left.clocks.fully_safe_at is None
    assert left.clocks.fully_safe_not == ("1 of 2 follow-ups are not noted as done.")
    assert f"{done.clocks.fully_safe_at}" == "2026-07-14 10:23:20+00:00"


def test_a_case_of_a_part_of_the_account_is_not_called_owner_safe():
    part = "regions: us-south; resource groups: all"
    found = story(
        opened("a@example.com", "k", scope=part),
        said(9, "case.settled", detail="clean", settle_minutes=30, follow_ups=0),
    )

    assert found.clocks.owner_safe_at is None
    assert "Only a part" in found.clocks.owner_safe_not
    assert part in case_page(found)


def test_a_dry_run_is_never_safe():
    found = story(
        opened("a@example.com", "k"),
        said(9, "case.settled", detail="planned", settle_minutes=30, follow_ups=0),
    )

    assert found.state == "planned"
    assert found.clocks.owner_safe_at is None
    assert "Dry run, nothing was changed" in case_page(found)


def test_an_accepted_blind_spot_is_not_read_back():
    found = story(
        opened("a@example.com", "k"),
        said(8, "blind_spot.counted", actor="sam", detail="a region of ours",
             target_id=DALLAS),
        said(8, "target.counted", detail="unread: 403", reason="no_role",
             target_id=DALLAS),
        said(9, "case.settled", detail="safe", settle_minutes=30, follow_ups=0),
    )  # fmt: skip

    assert found.clocks.owner_safe_at is None
    assert "accepted as a blind spot by sam: a region of ours" in case_page(found)


def test_evidence_that_is_older_than_the_clocks_does_not_call_anything_safe():
    found = story(
        said(0, "case.opened_open", leaver="a@example.com", source="okta"),
        said(9, "case.settled", detail="clean"),
    )

    assert found.clocks.owner_safe_not == OLDER


@pytest.mark.parametrize(
    ("whats", "state"),
    [
        ((), "open"),
        (("case.planned", "case.held"), "waiting"),
        (("case.held", "case.approved"), "open"),
        (("case.held", "report.sent"), "waiting"),
        (("case.cancelled", "report.sent"), "cancelled"),
        (("case.refused",), "refused"),
        (("case.joined",), "joined"),
        (("departure.withdrawn",), "cancelled"),
        (("case.settled", "case.retried"), "open"),
    ],
)
def test_how_a_case_stands_is_what_its_last_word_says(whats, state):
    entries = [said(n, what) for n, what in enumerate(whats, 1)]

    assert story(opened("a@example.com", "k"), *entries).state == state


def test_whatever_stands_in_an_entry_a_page_comes_of_it():
    odd = '{"at":7,"what":null,"target_id":"a/b/c","detail":{"x":["<b>"]},"actor":true}'
    found = story(opened("a@example.com", "k"), odd)

    assert "&lt;b&gt;" in case_page(found)
