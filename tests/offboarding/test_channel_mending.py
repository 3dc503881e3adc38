"""What a channel answers, and what is said of how that is mended."""

import pytest

from workers.notify.slack_answers import _AS_TEXT, _MAYBE, _WAIT
from workers.offboarding.channel_mending import MAIL, SLACK, mend_of, what_mends
from workers.offboarding.model import Channel

# Everything that Slack's pages name for a post that is refused for good.
REFUSED = {
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "missing_scope",
    "channel_not_found",
    "not_in_channel",
    "is_archived",
    "restricted_action",
    "ekm_access_denied",
    "invalid_payload",
    "action_prohibited",
    "no_service",
    "channel_is_archived",
}


@pytest.mark.parametrize("word", sorted(REFUSED | _AS_TEXT | _WAIT | _MAYBE))
def test_each_word_of_slack_has_its_sentence(word):
    assert mend_of(Channel.SLACK, word)


@pytest.mark.parametrize(
    ("detail", "begins"),
    [
        ("not_in_channel", "Invite the bot: /invite @offboard"),
        ("Slack did not take the message: ratelimited.", "Slack has trouble, or asks"),
        ("http_503", "Slack has trouble"),
        ("http_404", "OFFBOARD_SLACK_WEBHOOK_URL is no webhook"),
    ],
)
def test_slack_is_mended_by_the_last_word(detail, begins):
    found = mend_of(Channel.SLACK, detail)

    assert found is not None
    assert found.startswith(begins)


@pytest.mark.parametrize(
    ("detail", "begins"),
    [
        ("login_refused", "OFFBOARD_SMTP_USER or OFFBOARD_SMTP_PASSWORD is wrong"),
        ("server_refused_535", "OFFBOARD_SMTP_USER or OFFBOARD_SMTP_PASSWORD is wrong"),
        ("server_refused_554", "The server refuses the mail by its rules"),
        ("ops@example.com 599", "The server refuses the mail by its rules"),
        ("ops@example.com 450", "The server asks to come again later"),
        ("The mail server could not be used: 421.", "The server asks to come again"),
    ],
)
def test_mail_is_mended_by_code_or_word(detail, begins):
    found = mend_of(Channel.MAIL, detail)

    assert found is not None
    assert found.startswith(begins)


def test_several_recipients_are_mended_each_by_its_own_once():
    detail = "a@example.com 550, b@example.com 550, c@example.com bad_address"

    assert mend_of(Channel.MAIL, detail) == f"{MAIL['550']} {MAIL['bad_address']}"


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize(
    "detail",
    ["", "brand_new_word", "The channel is not set up any more.", "a 12", "٤٥٠ ٤٥٠"],
)
def test_nothing_is_said_of_what_is_not_known(channel, detail):
    assert mend_of(channel, detail) is None


@pytest.mark.parametrize("text", [*SLACK.values(), *MAIL.values()])
def test_each_sentence_is_whole(text):
    assert text[0].isupper()
    assert text[-1] == "." or text.endswith("/invite @offboard")
    assert "  " not in text


@pytest.mark.parametrize("said", [*SLACK.values(), *MAIL.values()])
def test_what_mends_is_a_sentence(said):
    assert said[0].isupper()
    assert said.endswith((".", "/invite @offboard"))


def test_a_word_nobody_foresaw_gets_a_sentence_too():
    assert what_mends(Channel.SLACK, "brand_new").endswith("says of this word.")
    assert what_mends(Channel.MAIL, "brand_new").endswith("says of this connection.")
