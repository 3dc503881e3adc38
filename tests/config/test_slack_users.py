"""Who may press in Slack: read by ids, refused by name of the fault alone."""

import pytest

from config.settings import Settings, SettingsError
from config.slack_users import SlackUser

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


def read(**given):
    environ = {f"OFFBOARD_{name}": text for name, text in given.items()}
    return Settings.from_env(environ)


def test_people_are_read_with_role_and_person():
    found = read(
        SLACK_SIGNING_SECRET=SECRET,
        SLACK_USERS="T012/U034:approver, T012/W056:viewer:sam@example.com",
    )

    ada, sam = found.slack_users
    assert ada == SlackUser("T012", "U034", "approver")
    assert (ada.actor, ada.person) == ("slack:T012/U034", "slack:T012/U034")
    assert (sam.role, sam.person) == ("viewer", "sam@example.com")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("T012/U034", "Each entry must be TEAM/USER:role"),
        ("T012/U034:approver:sam:more", "Each entry must be TEAM/USER:role"),
        ("U034:approver", "Each TEAM/USER must be ids"),
        ("U034/T012:approver", "Each TEAM/USER must be ids"),
        ("T012/sam:approver", "Each TEAM/USER must be ids"),
        ("t012/u034:approver", "Each TEAM/USER must be ids"),
        ("T012/U034/U035:approver", "Each TEAM/USER must be ids"),
        ("T012/U\u0661\u0662\u0663:approver", "Each TEAM/USER must be ids"),
        ("T012/U034:admin", "Each role must be one of viewer, operator, approver"),
        ("T012/U034:Approver", "Each role must be one of"),
        ("T012/U034:", "Each role must be one of"),
        ("T012/U034:viewer:", "Each person must be there"),
        ("T012/U034:viewer:Sam Roe", "Each person must be there"),
        ("T012/U034:viewer,T012/U034:approver", "Each TEAM/USER may stand there once"),
        (",", "Needs at least one entry"),
    ],
)
def test_a_list_that_cannot_be_used_is_a_fault_by_name_without_its_value(text, fault):
    with pytest.raises(SettingsError) as raised:
        read(SLACK_SIGNING_SECRET=SECRET, SLACK_USERS=text)

    (line,) = raised.value.faults
    assert line.startswith(f"OFFBOARD_SLACK_USERS: {fault}")
    assert "sam" not in line
    assert "U034" not in line


def test_two_signing_secrets_hold_while_one_replaces_the_other():
    found = read(SLACK_SIGNING_SECRET=f"{SECRET},{SECRET[::-1]}")

    assert len(found.slack_signing_secret) == 2
    assert SECRET in found.secrets()


@pytest.mark.parametrize("text", ["short", f"{SECRET},{SECRET},{SECRET}", "ü" * 32])
def test_a_signing_secret_that_cannot_be_one_is_a_fault(text):
    with pytest.raises(SettingsError) as raised:
        read(SLACK_SIGNING_SECRET=text)

    assert raised.value.faults[0].startswith("OFFBOARD_SLACK_SIGNING_SECRET:")
    assert text not in raised.value.faults[0]


def test_the_signing_secret_may_come_as_a_file(tmp_path):
    (tmp_path / "it").write_text(f"{SECRET}\n")

    found = read(SLACK_SIGNING_SECRET_FILE=str(tmp_path / "it"))

    assert found.slack_signing_secret[0].reveal() == SECRET
