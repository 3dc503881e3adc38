"""The app that people paste into Slack asks for what is needed, and for no more."""

from pathlib import Path

import yaml

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "slack-manifest.yaml").read_text(encoding="utf-8")
MANIFEST = yaml.safe_load(TEXT)


def test_the_app_has_exactly_the_rights_that_are_used():
    assert MANIFEST["oauth_config"] == {"scopes": {"bot": ["chat:write", "commands"]}}


def test_the_app_has_one_command_and_one_address_for_buttons():
    [command] = MANIFEST["features"]["slash_commands"]

    assert command["command"] == "/offboard"
    assert command["url"] == "https://offboard.example.com/slack/command"
    assert MANIFEST["settings"]["interactivity"] == {
        "is_enabled": True,
        "request_url": "https://offboard.example.com/slack/interactive",
    }


def test_the_token_never_runs_out_and_nothing_is_listened_to():
    settings = MANIFEST["settings"]

    assert settings["token_rotation_enabled"] is False
    assert settings["socket_mode_enabled"] is False
    assert "event_subscriptions" not in settings


def test_the_texts_fit_in_what_slack_takes():
    shown = MANIFEST["display_information"]
    [command] = MANIFEST["features"]["slash_commands"]

    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert len(MANIFEST["features"]["bot_user"]["display_name"]) <= 80
    assert len(command["description"]) <= 2000
    assert len(command["usage_hint"]) <= 1000


def test_the_page_about_slack_names_the_manifest():
    assert "(slack-manifest.yaml)" in (DOCS / "slack.md").read_text(encoding="utf-8")
