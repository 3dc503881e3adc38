"""The evidence that goes with a final report's mail, and what is said without it.

Against a real SMTP server, so that what arrives is what is verified.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from evidence_scenes import a_book, entry, fingerprint
from smtp_scenes import OPS, SEC, read, serving

from workers.notify.mail_evidence import MOST_BYTES
from workers.offboarding.errors import TransientError
from workers.offboarding.evidence_check import Checker
from workers.offboarding.model import Channel, ReportKind, ReportLine, ReportState
from workers.signing import signature_holds

LINE = ReportLine(Channel.MAIL, ReportKind.FINAL)
PACK = b"".join(a_book().pack("01A"))
EXPORT = "offboard evidence export 01CASE --out 01CASE.jsonl"


@pytest.fixture
def a_settled_case(make_case, clock):
    """A case that was settled some seconds before the clock of the mail."""

    def made(seconds=1.0, **changes):
        return make_case(settled_at=clock() - timedelta(seconds=seconds), **changes)

    return made


def gives(content):
    return {"whole_evidence": lambda case_id: content}


def attached(message):
    return [
        (one.get_filename(), one.get_content_type(), one.get_content())
        for one in message.iter_attachments()
    ]


def text_in(message):
    return message.get_body(("plain",)).get_content()


def why_not(message):
    """Return what the mail says of evidence that is not with it, on one line."""
    assert attached(message) == []
    assert EXPORT in text_in(message)
    assert EXPORT in read(message).text
    said = " ".join(text_in(message).split())
    return said.partition("The evidence is not attached, since ")[2].partition(".")[0]


def test_the_evidence_arrives_byte_for_byte_and_verifies(
    box, port, make_mail, a_settled_case
):
    asked = []

    def whole(case_id):
        asked.append(case_id)
        return PACK

    line = make_mail(port, whole_evidence=whole).deliver(a_settled_case(), LINE)

    [message] = box.messages
    [(name, kind, content)] = attached(message)
    assert line.state is ReportState.SENT
    assert asked == ["01CASE"]
    assert (name, kind) == ("offboard-evidence-01CASE.json", "application/json")
    assert content == PACK
    checker = Checker(signature_holds, frozenset({fingerprint()}))
    checker.read("it", content.splitlines(keepends=True))
    assert checker.compare().faults == []
    assert f"Evidence: {name} (attached)" in text_in(message)
    assert f"attached as evidence: {name}" in read(message).text


def test_lines_ends_and_signs_beyond_ascii_come_through_as_they_are(
    box, port, make_mail, a_settled_case
):
    content = (
        entry("case.opened_open", actor="Zoë\u2028.\r\n").encode() + b"\r\n.\r\n\n"
    )

    make_mail(port, **gives(content)).deliver(a_settled_case(), LINE)

    [(_, _, arrived)] = attached(box.messages[0])
    assert arrived == content


@pytest.mark.parametrize("kind", [ReportKind.HELD, ReportKind.CANCELLED])
def test_a_case_that_is_held_or_cancelled_has_none(
    box, port, make_mail, a_settled_case, kind
):
    mail = make_mail(port, **gives(PACK))

    mail.deliver(a_settled_case(), replace(LINE, kind=kind))

    [message] = box.messages
    assert attached(message) == []
    assert "vidence" not in text_in(message)


def test_a_notice_has_none(box, port, make_mail, make_notice):
    from workers.offboarding.notice import NoticeLine

    make_mail(port, **gives(PACK)).tell(make_notice(), NoticeLine(Channel.MAIL))

    assert attached(box.messages[0]) == []


def test_what_is_not_sealed_yet_is_waited_for_in_the_outbox(
    box, port, make_mail, a_settled_case
):
    mail = make_mail(port, **gives(None))

    with pytest.raises(TransientError, match="not sealed yet") as caught:
        mail.deliver(a_settled_case(seconds=59), LINE)

    assert caught.value.retry_after_seconds == 2
    assert box.mails == []


@pytest.mark.parametrize(
    ("seconds", "tries"), [(60, 1), (3600, 0), (1, 6), (-7200, 6)], ids=str
)
def test_after_a_minute_or_some_tries_the_mail_goes_without_and_says_so(
    box, port, make_mail, a_settled_case, seconds, tries
):
    mail = make_mail(port, **gives(None))

    line = mail.deliver(a_settled_case(seconds), replace(LINE, tries=tries))

    assert line.state is ReportState.SENT
    assert why_not(box.messages[0]) == "it was not sealed within a minute"


def test_what_is_too_large_is_left_out(box, port, make_mail, a_settled_case):
    mail = make_mail(port, **gives(b"x" * (MOST_BYTES + 1)))

    line = mail.deliver(a_settled_case(), LINE)

    assert line.state is ReportState.SENT
    assert why_not(box.messages[0]) == "it is too large for a mail"


def test_what_is_larger_than_the_server_says_it_takes_is_left_out(
    box, make_mail, a_settled_case
):
    with serving(box, data_size_limit=20_000) as port:
        mail = make_mail(port, OPS, SEC, **gives(b"x" * 30_000))
        line = mail.deliver(a_settled_case(), LINE)

    assert (line.state, line.reached) == (ReportState.SENT, (OPS, SEC))
    assert [why_not(one) for one in box.messages] == [
        "the mail server takes no mail that large",
        "the mail server takes no mail that large",
    ]


def test_a_server_that_takes_no_attachment_gets_the_mail_without(
    box, port, make_mail, a_settled_case
):
    box.data_if = lambda raw: "554 no attachments" if b"attachment" in raw else None

    line = make_mail(port, OPS, SEC, **gives(PACK)).deliver(a_settled_case(), LINE)

    assert (line.state, line.reached) == (ReportState.SENT, (OPS, SEC))
    assert {why_not(one) for one in box.messages} == {
        "the mail server refused the mail with it"
    }


def test_a_server_that_hangs_up_over_an_attachment_gets_the_mail_without(
    box, port, make_mail, a_settled_case
):
    box.data_if = lambda raw: "554 no attachments" if b"attachment" in raw else None
    box.hangs_up = True

    line = make_mail(port, OPS, SEC, **gives(PACK)).deliver(a_settled_case(), LINE)

    assert (line.state, line.reached) == (ReportState.SENT, (OPS, SEC))
    assert len(box.mails) == 2


def test_whose_mailbox_is_full_does_not_take_the_evidence_from_the_others(
    box, port, make_mail, a_settled_case
):
    box.data[OPS] = "552 mailbox full"

    line = make_mail(port, OPS, SEC, **gives(PACK)).deliver(a_settled_case(), LINE)

    assert (line.state, line.detail) == (ReportState.SENT, "ops@example.com 552")
    [message] = box.messages
    assert attached(message) != []


def test_a_server_that_takes_the_mail_later_gets_it_later_with_the_evidence(
    box, port, make_mail, a_settled_case
):
    box.data[OPS] = "451 later"

    with pytest.raises(TransientError):
        make_mail(port, **gives(PACK)).deliver(a_settled_case(), LINE)

    assert box.mails == []


def test_after_a_lost_answer_it_goes_without_since_that_may_be_why(
    box, port, make_mail, a_settled_case
):
    mail = make_mail(port, **gives(PACK))

    mail.deliver(a_settled_case(), replace(LINE, lost=1))

    assert why_not(box.messages[0]) == (
        "the mail before this one got no answer with it"
    )


def test_a_service_that_gives_no_evidence_says_nothing_of_it(
    box, port, make_mail, a_settled_case
):
    make_mail(port).deliver(a_settled_case(), LINE)

    assert "attached" not in text_in(box.messages[0])
