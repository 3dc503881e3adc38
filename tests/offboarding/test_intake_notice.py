"""What the channels are told of the intake: whole texts, compared as they are."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import NOON

from workers.notify.mail_message import text_of
from workers.offboarding.heard import Unreadable
from workers.offboarding.intake import Kind, RunningOut, SourceNote
from workers.offboarding.intake_notice import quarantined, running_out, silent
from workers.offboarding.notice import report_of_notice
from workers.offboarding.report import Severity
from workers.offboarding.unreadable import UNREADABLE

KIND = Kind("okta", Unreadable.UNKNOWN_PERSON, 3, "01A:1")
ONE = replace(KIND, reason=Unreadable.NO_PERSON, count=1, only_id="01A")
RUNNING = RunningOut("okta", Unreadable.UNKNOWN_PERSON, 2, NOON, "01A")
NOTE = SourceNote(last_delivered_at=NOON, on_since=NOON - timedelta(days=9))


def text(notice):
    return text_of(report_of_notice(notice))


def quiet(note=NOTE, hours=24.0):
    at = NOON + timedelta(days=2)
    return silent("okta", note, expected_hours=hours, at=at)


def test_several_in_quarantine_are_told_with_the_reason_who_mends_it_and_how():
    notice = quarantined(KIND, at=NOON)

    assert text(notice) == (
        "A source's deliveries cannot be read: 3 deliveries of the source okta could "
        "not be acted on (unknown_person). The event names the person only by an id of "
        "the sender's, which this service does not know. Somebody may leave whom "
        "nobody offboards.\n"
        "\n"
        "LEFT TO DO BY HAND\n"
        "\n"
        "- See what is kept, and why:\n"
        "\n"
        "    offboard quarantine list\n"
        "\n"
        "- To be mended by whoever runs this service, in its identity map:\n"
        "  Put that id, which the log has (person.unknown), beside the person's e-mail "
        "or IAM ID into OFFBOARD_IDENTITY_MAP_FILE, and replay the delivery.\n"
        "\n"
        "    offboard quarantine replay ID\n"
        "\n"
        "- Drop it once nothing is left to do about it:\n"
        "\n"
        "    offboard quarantine drop ID\n"
        "\n"
        "FOUND\n"
        "\n"
        "- Found: 2026-11-23 12:00:00 UTC\n"
        "\n"
        f"Notice {notice.id}\n"
    )


def test_one_alone_is_told_with_its_id_in_the_commands():
    notice = quarantined(ONE, at=NOON)

    assert text(notice) == (
        "A source's deliveries cannot be read: 1 delivery of the source okta could not "
        "be acted on (no_person). The event names nobody by an e-mail, an IAM ID or an "
        "id of its own. Somebody may leave whom nobody offboards.\n"
        "\n"
        "LEFT TO DO BY HAND\n"
        "\n"
        "- See what is kept, and why:\n"
        "\n"
        "    offboard quarantine list\n"
        "\n"
        "- To be mended by whoever looks after the sender:\n"
        "  Have the sender put the leaver's e-mail into the event. Open this departure "
        "by hand, then drop the delivery.\n"
        "\n"
        "    offboard run USER --apply\n"
        "\n"
        "- Once it can be read, replay it:\n"
        "\n"
        "    offboard quarantine replay 01A\n"
        "\n"
        "- Drop it once nothing is left to do about it:\n"
        "\n"
        "    offboard quarantine drop 01A\n"
        "\n"
        "FOUND\n"
        "\n"
        "- Found: 2026-11-23 12:00:00 UTC\n"
        "\n"
        f"Notice {notice.id}\n"
    )


def test_what_runs_out_is_told_with_its_moment():
    notice = running_out(RUNNING, at=NOON - timedelta(days=3))

    assert text(notice) == (
        "Deliveries in quarantine run out: 2 deliveries of the source okta in "
        "quarantine (unknown_person) will be removed, the first at 2026-11-23 12:00:00 "
        "UTC. After that they stay listed, and can be replayed no more.\n"
        "\n"
        "LEFT TO DO BY HAND\n"
        "\n"
        "- See what is kept, and why:\n"
        "\n"
        "    offboard quarantine list\n"
        "\n"
        "- Replay what can be read by now:\n"
        "\n"
        "    offboard quarantine replay ID\n"
        "\n"
        "- Drop what needs nothing any more:\n"
        "\n"
        "    offboard quarantine drop ID\n"
        "\n"
        "FOUND\n"
        "\n"
        "- Found: 2026-11-20 12:00:00 UTC\n"
        "\n"
        f"Notice {notice.id}\n"
    )


def test_a_silent_source_is_told_with_what_to_check():
    notice = quiet()

    assert text(notice) == (
        "A source is silent: the source okta last spoke at 2026-11-23 12:00:00 UTC, "
        "and is expected to speak every 24 hours. If it is cut off, nobody is told who "
        "leaves.\n"
        "\n"
        "LEFT TO DO BY HAND\n"
        "\n"
        "- See when it delivered, and what was refused and why:\n"
        "\n"
        "    offboard source list\n"
        "\n"
        "- Check on the sender's side that it is on and still has this service's "
        "address and secret; docs/sources/okta.md says where.\n"
        "- If it may be quiet for longer, set OFFBOARD_SOURCE_OKTA_EXPECTED_HOURS "
        "higher.\n"
        "\n"
        "FOUND\n"
        "\n"
        "- Found: 2026-11-25 12:00:00 UTC\n"
        "\n"
        f"Notice {notice.id}\n"
    )


def test_a_source_that_never_spoke_is_told_so():
    notice = quiet(SourceNote(on_since=NOON), hours=0.5)

    assert "okta never spoke, and is expected to speak every 0.5 hours" in text(notice)


@pytest.mark.parametrize("reason", list(Unreadable))
def test_every_reason_can_be_told_and_names_commands_that_exist(reason):
    told = text(quarantined(replace(KIND, reason=reason), at=NOON))

    assert UNREADABLE[reason].sentence in told
    assert "offboard quarantine replay ID" in told
    assert "offboard quarantine drop ID" in told


def test_each_asks_for_attention():
    made = (quarantined(KIND, at=NOON), running_out(RUNNING, at=NOON), quiet())

    found = {report_of_notice(one).severity for one in made}

    assert found == {Severity.ATTENTION}


def test_the_same_filling_has_one_name_and_the_next_another():
    first = quarantined(KIND, at=NOON)
    later = quarantined(replace(KIND, count=9), at=NOON + timedelta(days=1))
    again = quarantined(replace(KIND, since="01B:2"), at=NOON)

    assert first.id == later.id
    assert again.id != first.id


def test_the_same_silence_has_one_name_and_the_next_another():
    again = replace(NOTE, last_delivered_at=NOON + timedelta(hours=1))

    assert quiet().id == quiet(hours=12.0).id
    assert quiet(again).id != quiet().id


@pytest.mark.parametrize(
    ("note", "hours", "after", "expected"),
    [
        (NOTE, 24.0, timedelta(hours=24), False),
        (NOTE, 24.0, timedelta(hours=24, seconds=1), True),
        (NOTE, None, timedelta(days=400), False),
        (SourceNote(), 24.0, timedelta(days=400), False),
        (SourceNote(on_since=NOON), 1.0, timedelta(hours=2), True),
        # It was off since it spoke: counted from when it was on again.
        (replace(NOTE, on_since=NOON + timedelta(days=30)), 24.0, timedelta(30), False),
    ],
)
def test_a_source_is_silent_once_it_should_have_spoken(note, hours, after, expected):
    assert note.is_silent(hours, NOON + after) is expected
