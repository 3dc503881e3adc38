"""What people read when Microsoft Graph does not speak to us any more."""

from datetime import timedelta

from factories import NOON

from workers.notify.mail_message import plain_text, text_of
from workers.offboarding.graph_notice import graph_refuses, subscription_lost
from workers.offboarding.notice import NoticeKind, report_of_notice

ID = "0b2f5a0e-3c55-4f0b-9f43-77c1b0f3aa10"


def test_a_lost_subscription_is_told_with_what_to_do():
    report = report_of_notice(subscription_lost(ID, at=NOON))

    assert plain_text(report.subject) == (
        f"[offboard] A subscription at Microsoft Graph is gone: {ID}"
    )
    text = text_of(report)
    assert f"Microsoft Graph has no subscription {ID} any more." in text
    assert "OFFBOARD_SOURCE_ENTRA_GRAPH_SUBSCRIPTION_IDS" in text
    assert "docs/sources/entra_graph.md" in text


def test_a_loss_is_told_once_and_another_is_another():
    one = subscription_lost(ID, at=NOON)

    assert one.kind is NoticeKind.SUBSCRIPTION_LOST
    assert subscription_lost(ID, at=NOON + timedelta(days=1)).id == one.id
    assert subscription_lost("another", at=NOON).id != one.id


def test_a_refusal_is_told_with_what_mends_it():
    notice = graph_refuses("Give User.Read.All.", after=None, at=NOON)

    text = text_of(report_of_notice(notice))

    assert "users cannot be read there" in text
    assert "Give User.Read.All." in text


def test_a_refusal_after_it_was_mended_is_told_anew():
    first = graph_refuses("No.", after=None, at=NOON)
    again = graph_refuses("No.", after=None, at=NOON + timedelta(hours=1))
    later = graph_refuses("No.", after=NOON, at=NOON + timedelta(days=1))

    assert first.id == again.id
    assert later.id != first.id
