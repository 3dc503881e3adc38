import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.accounts import FunctionalIdRule
from config.log import Redactor
from config.settings import (
    AccountSettings,
    FileSecret,
    FunctionalIdSettings,
    Secret,
    Settings,
    SettingsError,
)

WHOLE = """
[[account]]
id = "b1f3"
name = "production"
reader = { apikey_file = "reader" }

[[account.functional_id]]
name = "iks-functional-1"
apikey_file = "keys/one"
regions = ["us-south", "us-east"]
resource_groups = ["9f6b", "payments"]

[[account.functional_id]]
name = "iks-functional-2"
apikey_file = "keys/two"

[[account]]
id = "c2d4"
armed = false
reader = { apikey_file = "reader" }
"""
ONE = """
[[account]]
id = "b1f3"
[[account.functional_id]]
name = "iks-functional-1"
apikey_file = "key"
"""


def read(path, process="web", **more):
    return Settings.from_env(
        {"OFFBOARD_ACCOUNTS_FILE": str(path), **more}, process=process
    )


def faults(path, process="web", **more):
    with pytest.raises(SettingsError) as caught:
        read(path, process, **more)
    return [
        fault.removeprefix("OFFBOARD_ACCOUNTS_FILE: ") for fault in caught.value.faults
    ]


@pytest.fixture
def whole(write):
    write("reader", "key-of-the-reader\n")
    write("keys/one", "key-number-one\n")
    write("keys/two", "key-number-two\n")
    return write("accounts.toml", WHOLE)


@pytest.mark.parametrize("process", ["worker", "local"])
def test_who_holds_keys_has_every_account_with_its_keys(whole, process):
    settings = read(whole, process)

    folder = whole.parent
    assert settings.accounts == (
        AccountSettings(
            "b1f3",
            (
                FunctionalIdSettings(
                    "iks-functional-1",
                    FileSecret(folder / "keys/one"),
                    ("us-south", "us-east"),
                    ("9f6b", "payments"),
                ),
                FunctionalIdSettings(
                    "iks-functional-2", FileSecret(folder / "keys/two")
                ),
            ),
            FileSecret(folder / "reader"),
            "production",
            rules=(
                FunctionalIdRule(
                    "iks-functional-1", ("us-south", "us-east"), ("9f6b", "payments")
                ),
                FunctionalIdRule("iks-functional-2"),
            ),
        ),
        AccountSettings("c2d4", (), FileSecret(folder / "reader"), armed=False),
    )
    assert settings.account_ids == ("b1f3", "c2d4")


def test_every_key_is_read_at_the_start_and_known_to_the_redactor(whole):
    settings = read(whole, "worker")

    assert [one.reveal() for one in settings.accounts[0].keys] == [
        "key-number-one",
        "key-number-two",
        "key-of-the-reader",
    ]
    assert set(settings.secrets()) == {
        "key-number-one",
        "key-number-two",
        "key-of-the-reader",
    }
    assert all(settings.accounts[0].keys)


def test_settings_show_no_key_and_a_key_that_was_replaced_is_revealed_anew(whole):
    settings = read(whole, "worker")

    (whole.parent / "keys/one").write_text("key-number-one-anew")

    shown = f"{settings} {settings!r} {settings.accounts}"
    assert settings.accounts[0].functional_ids[0].apikey.reveal() == (
        "key-number-one-anew"
    )
    assert "key-" not in shown.replace("key-file", "")
    assert "key-number-one-anew" in settings.secrets()


@pytest.mark.parametrize("process", ["web", "beat", "store", "command"])
def test_who_holds_no_keys_knows_the_accounts_without_the_key_files(write, process):
    settings = read(write("accounts.toml", WHOLE), process)

    assert settings.account_ids == ("b1f3", "c2d4")
    assert settings.accounts == ()
    assert settings.secrets() == ()
    assert [(one.name, one.armed) for one in settings.accounts_file] == [
        ("production", True),
        ("", False),
    ]
    assert [one.keys for one in settings.accounts_file] == [(), ()]


@pytest.mark.parametrize("limit", [1, 40, 10000])
def test_a_limit_of_keys_that_was_raised_is_known(write, limit):
    write("key", "a-key-of-nobody")
    path = write("accounts.toml", f"{ONE}key_limit = {limit}\n")

    (account,) = read(path, "worker").accounts

    assert account.functional_ids[0].key_limit == limit


def test_a_functional_id_may_have_twenty_keys_unless_the_file_says_more(whole):
    account, _ = read(whole, "worker").accounts

    assert [one.key_limit for one in account.functional_ids] == [20, 20]


@pytest.mark.parametrize("process", ["web", "command", "worker"])
def test_every_process_knows_what_each_functional_id_may_own_and_no_key_by_it(
    whole, process
):
    production, other = read(whole, process).rules

    assert production.rules == (
        FunctionalIdRule(
            "iks-functional-1", ("us-south", "us-east"), ("9f6b", "payments")
        ),
        FunctionalIdRule("iks-functional-2"),
    )
    assert other.rules == ()
    assert (production.keys, other.keys) == ((), ())
    assert "keys/one" not in repr((production, other))


def test_one_account_without_a_file_has_one_rule_and_none_has_no_account():
    one = Settings.from_env({"OFFBOARD_ACCOUNT_ID": "b1f3"}, process="command")
    none = Settings.from_env({}, process="command")

    [account] = one.rules
    assert (account.id, account.rules) == ("b1f3", (FunctionalIdRule("functional-id"),))
    assert none.rules == ()


def test_a_key_may_be_named_by_its_whole_path(write):
    key = write("elsewhere/key", "key-of-elsewhere")
    path = write("toml/accounts.toml", ONE.replace('"key"', f'"{key}"'))

    (account,) = read(path, "worker").accounts

    assert account.functional_ids[0].apikey.reveal() == "key-of-elsewhere"


def test_every_key_file_that_cannot_be_used_is_a_fault_by_its_path(write, whole):
    write("keys/one", " \n")
    (whole.parent / "keys/two").unlink()
    (whole.parent / "reader").write_bytes(b"\xff\xfe")

    found = faults(whole, "worker")

    assert found == [
        "account[0].reader: The file named by its apikey_file cannot be read: it is no"
        " text (account production).",
        "account[0].functional_id[0]: The file named by its apikey_file is empty"
        " (account production).",
        "account[0].functional_id[1]: The file named by its apikey_file cannot be"
        " read: No such file or directory (account production).",
        "account[1].reader: The file named by its apikey_file cannot be read: it is no"
        " text (account c2d4).",
    ]


def test_a_key_file_of_one_account_does_not_stop_the_others(whole):
    (whole.parent / "keys/two").unlink()

    settings = read(whole, "worker")

    assert [one.id for one in settings.accounts] == ["b1f3", "c2d4"]
    assert settings.key_faults() == {
        "account[0].functional_id[1]": "The file named by its apikey_file cannot be"
        " read: No such file or directory (account production)."
    }


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "account: Needed."),
        ("account = []", "account: Name at least one, or leave it out."),
        ("[account]", "account: Write it as [[account]]."),
        ("account = [1]\n", "account[0]: Must be a table."),
        (f"title = 'x'\n{ONE}", "title: There is no such setting."),
        (f"'planted value' = 1\n{ONE}", "(an odd name): There is no such setting."),
        (ONE.replace('id = "b1f3"', ""), "account[0].id: Needed."),
        (ONE.replace('"b1f3"', "5"), "account[0].id: Write it in quotes."),
        (
            ONE.replace("b1f3", "planted/value"),
            "account[0].id: Only letters and digits, 64 at most.",
        ),
        (f"{ONE}{ONE}", "account[1].id: The same as that of account[0]."),
        ('[[account]]\nid = "b1f3"', "account[0]: Needs a functional_id or a reader."),
        (
            '[[account]]\nid = "b1f3"\nfunctional_id = []',
            "account[0].functional_id: Name at least one, or leave it out.",
        ),
        (
            '[[account]]\nid = "b1f3"\n[account.functional_id]\n',
            "account[0].functional_id: Write it as [[account.functional_id]].",
        ),
        (
            '[[account]]\nid = "b1f3"\nreader = "planted"',
            "account[0].reader: Must be a table.",
        ),
        (
            ONE.replace('"b1f3"', '"b1f3"\narmed = "planted"'),
            "account[0].armed: Give true or false.",
        ),
        (
            ONE.replace('"b1f3"', '"b1f3"\narmed = "false"'),
            "account[0].armed: Give true or false.",
        ),
        (
            ONE.replace('"b1f3"', '"b1f3"\nname = " planted"'),
            "account[0].name: Needs one line of text, without blanks around it.",
        ),
        (
            ONE.replace('"b1f3"', '"b1f3"\nname = "planted\\u001b[2K"'),
            "account[0].name: Needs one line of text, without blanks around it.",
        ),
        (
            ONE.replace('"key"', '"key"\nregoins = ["planted"]'),
            "account[0].functional_id[0].regoins: There is no such setting.",
        ),
        (
            ONE.replace('"key"', '"key"\nregions = "planted"'),
            "account[0].functional_id[0].regions: Write it as a list, in brackets.",
        ),
        (
            ONE.replace('"key"', '"key"\nregions = ["us-south", "US Planted"]'),
            "account[0].functional_id[0].regions[1]:"
            " Give a region's name, such as us-south.",
        ),
        (
            ONE.replace('"key"', '"key"\nregions = []'),
            "account[0].functional_id[0].regions: Name at least one, or leave it out.",
        ),
        (
            ONE.replace('"key"', '"key"\nresource_groups = [""]'),
            "account[0].functional_id[0].resource_groups[0]:"
            " Needs one line of text, without blanks around it.",
        ),
        *(
            (
                ONE.replace('"key"', f'"key"\nkey_limit = {limit}'),
                "account[0].functional_id[0].key_limit:"
                " Give a whole number from 1 to 10000.",
            )
            for limit in ('"planted"', '"40"', "0", "-1", "10001", "20.5", "true")
        ),
        (
            ONE.replace('name = "iks-functional-1"', ""),
            "account[0].functional_id[0].name: Needed.",
        ),
        (
            f'{ONE}\n[[account.functional_id]]\nname = "iks-functional-1"\n'
            'apikey_file = "other"',
            "account[0].functional_id[1].name: The same as that of functional_id[0].",
        ),
        (
            ONE.replace('apikey_file = "key"', ""),
            "account[0].functional_id[0].apikey_file: Needed.",
        ),
        (
            ONE.replace('"key"', '"key"\napikey = "planted"'),
            "account[0].functional_id[0].apikey:"
            " No key belongs here; put it in a file, set apikey_file.",
        ),
        (
            '[[account]]\nid = "b1f3"\n'
            'reader = { apikey_file = "key", apikey = "planted" }',
            "account[0].reader.apikey:"
            " No key belongs here; put it in a file, set apikey_file.",
        ),
        ('[[account]]\nid = "b1f3"\nname = planted', "Not TOML: see line 3."),
        ('[[account]]\nid = "b1f3"\nid = "planted"\n#', "Not TOML: see line 3."),
        ("[[account", "Not TOML: see its last line."),
    ],
)
def test_a_fault_says_where_it_is_and_what_would_be_right(write, text, fault):
    write("key", "a-key-of-nobody")

    assert faults(write("accounts.toml", text), "worker") == [fault]


def test_all_faults_are_told_at_once_and_without_values(write):
    path = write(
        "accounts.toml",
        """
        [[account]]
        id = "planted 1"
        reader = { apikey_file = 2, apikey = "planted 3" }
        color = "planted 4"
        [[account]]
        id = "c2d4"
        armed = "planted 5"
        [[account.functional_id]]
        name = "iks-functional-1"
        regions = ["Planted 6"]
        [[account]]
        id = "c2d4"
        """,
    )

    found = faults(path, OFFBOARD_PORT="planted 7")

    assert [fault.rpartition(": ")[0] for fault in found] == [
        "account[0].id",
        "account[0].reader.apikey_file",
        "account[0].reader.apikey",
        "account[0].color",
        "account[1].armed",
        "account[1].functional_id[0].apikey_file",
        "account[1].functional_id[0].regions[0]",
        "account[2].id",
        "account[2]",
        "OFFBOARD_PORT",
    ]
    assert "lanted" not in str(found)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_a_fault(tmp_path, content):
    path = tmp_path / "accounts.toml"
    if content is not None:
        path.write_bytes(content)

    assert faults(path, "worker") == ["The file cannot be read."]


@pytest.mark.parametrize(
    "more",
    [
        {"OFFBOARD_ACCOUNT_ID": "b1f3"},
        {"OFFBOARD_FUNCTIONAL_ID_APIKEY": "a-key-of-nobody"},
        {"OFFBOARD_READER_APIKEY": "a-key-of-nobody"},
    ],
)
def test_one_account_and_a_file_of_them_are_not_set_together(whole, more):
    assert faults(whole, "worker", **more) == [
        "Set it or ACCOUNT_ID, FUNCTIONAL_ID_APIKEY and READER_APIKEY, not both."
    ]


ARMED = {
    "OFFBOARD_ARMED": "1",
    "OFFBOARD_SLACK_BOT_TOKEN": "xoxb-1",
    "OFFBOARD_SLACK_CHANNEL_ID": "C0123",
}


def test_an_armed_worker_needs_a_functional_id_in_each_account_that_is_armed(write):
    write("reader", "key-of-the-reader")
    reader = 'reader = { apikey_file = "reader" }'
    path = write(
        "accounts.toml",
        f'[[account]]\nid = "b1f3"\narmed = false\n{reader}\n'
        f'[[account]]\nid = "c2d4"\n{reader}\n'
        f'[[account]]\nid = "d3e5"\narmed = true\n{reader}\n',
    )

    sentence = "Needs a functional_id to be written to; or set armed = false in it."
    assert faults(path, "worker", **ARMED) == [
        f"account[1]: {sentence}",
        f"account[2]: {sentence}",
    ]
    assert len(read(path, "worker").accounts) == 3
    assert len(read(path, "web", **ARMED).account_ids) == 3
    assert len(read(path, "local", **ARMED).accounts) == 3


def test_an_armed_worker_holds_back_an_account_that_only_looks(whole):
    settings = read(whole, "worker", **ARMED)

    assert [one.armed for one in settings.accounts] == [True, False]


NAMES = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)
REGIONS = st.lists(st.sampled_from(["us-south", "eu-de", "br-sao"]), max_size=3)
ACCOUNTS = st.lists(
    st.tuples(
        st.text("0123456789abcdef", min_size=1, max_size=32),
        st.lists(st.tuples(NAMES, REGIONS), min_size=1, unique_by=lambda one: one[0]),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one[0],
)


def as_toml(accounts):
    text = ""
    for account_id, functional_ids, armed in accounts:
        text += f'[[account]]\nid = "{account_id}"\narmed = {str(armed).lower()}\n'
        for name, regions in functional_ids:
            text += f'[[account.functional_id]]\nname = "{name}"\napikey_file = "key"\n'
            text += f"regions = {regions}\n" if regions else ""
    return text


@given(accounts=ACCOUNTS)
def test_what_was_written_is_what_is_read(tmp_path_factory, accounts):
    folder = tmp_path_factory.mktemp("accounts")
    (folder / "key").write_text("a-key-of-nobody")
    (folder / "accounts.toml").write_text(as_toml(accounts), encoding="utf-8")

    settings = read(folder / "accounts.toml", "worker")

    assert [
        (
            one.id,
            [(each.name, list(each.regions)) for each in one.functional_ids],
            one.armed,
        )
        for one in settings.accounts
    ] == accounts


VALUES = st.recursive(
    st.sampled_from(['"PLANTED"', "777777", "[]", "true", '["PLANTED"]']),
    lambda inner: st.dictionaries(
        st.sampled_from(
            ["id", "name", "armed", "reader", "functional_id", "apikey", "odd"]
        ),
        inner,
        max_size=4,
    ).map(lambda all_: "{" + ", ".join(f"{k} = {v}" for k, v in all_.items()) + "}"),
    max_leaves=8,
)


@given(values=st.lists(VALUES, max_size=3))
def test_no_fault_of_any_file_holds_a_value(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("accounts") / "accounts.toml"
    path.write_text(f"account = [{', '.join(values)}]")

    found = faults(path, "worker")

    assert found
    assert "PLANTED" not in str(found)
    assert "777777" not in str(found)


def test_the_key_of_the_reader_alone_is_an_account_that_can_only_be_looked_at():
    settings = Settings.from_env(
        {"OFFBOARD_ACCOUNT_ID": "b1f3", "OFFBOARD_READER_APIKEY": "key-of-the-reader"},
        process="worker",
    )

    assert settings.accounts == (
        AccountSettings("b1f3", (), Secret("key-of-the-reader")),
    )
    assert Redactor(settings.secrets()).text("key-of-the-reader") == "[redacted]"


# rooms and approvers

ROOM = """
[[account]]
id = "b1f3"
reader = { apikey_file = "reader" }
slack_channel_id = "C0123ABCD"
mail_to = ["team@example.com", "lead@example.com"]
approvers = ["sam", "lead@example.com"]
"""
CHANNELS = {
    "OFFBOARD_SLACK_BOT_TOKEN": "xoxb-1",
    "OFFBOARD_SLACK_CHANNEL_ID": "C0OPS",
    "OFFBOARD_SMTP_HOST": "mail.example.com",
    "OFFBOARD_MAIL_FROM": "offboard@example.com",
    "OFFBOARD_MAIL_TO": "ops@example.com",
}


@pytest.fixture
def roomy(tmp_path):
    path = tmp_path / "accounts.toml"
    path.write_text(ROOM)
    return path


def test_every_process_knows_an_account_s_room_and_its_approvers(roomy):
    [account] = read(roomy, **CHANNELS).rules

    assert account.slack_channel_id == "C0123ABCD"
    assert account.mail_to == ("team@example.com", "lead@example.com")
    assert account.approvers == ("sam", "lead@example.com")


def test_a_room_needs_the_channels_that_reach_it(roomy):
    assert faults(roomy) == [
        "account[0].slack_channel_id: Needs SLACK_BOT_TOKEN with SLACK_CHANNEL_ID: a "
        "webhook posts into one channel.",
        "account[0].mail_to: Needs SMTP_HOST, MAIL_FROM and MAIL_TO.",
    ]


def test_a_look_without_a_service_needs_no_channels_for_rooms(roomy):
    (roomy.parent / "reader").write_text("a-key")

    assert read(roomy, "local").accounts[0].slack_channel_id == "C0123ABCD"


def test_what_is_told_everything_already_is_no_room(roomy):
    same = CHANNELS | {
        "OFFBOARD_SLACK_CHANNEL_ID": "C0123ABCD",
        "OFFBOARD_MAIL_TO": "team@example.com",
    }

    assert faults(roomy, **same) == [
        "account[0].slack_channel_id: The same as SLACK_CHANNEL_ID, which is told "
        "everything already.",
        "account[0].mail_to: An address in it is one of MAIL_TO, which is told "
        "everything already.",
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (
            'slack_channel_id = "#payments"',
            "account[0].slack_channel_id: Give a channel's id, such as C0123ABCD.",
        ),
        (
            'mail_to = ["team"]',
            "account[0].mail_to[0]: Each entry must be an e-mail address.",
        ),
        (
            'approvers = ["sam smith"]',
            "account[0].approvers[0]: Each entry must be a person, without blanks.",
        ),
        (
            'approvers = ["sam", "Sam"]',
            "account[0].approvers[1]: Stands there before.",
        ),
        (
            "approvers = []",
            "account[0].approvers: Name at least one, or leave it out.",
        ),
    ],
)
def test_what_is_wrong_with_a_room_or_an_approver_is_told_by_its_place(
    tmp_path, line, fault
):
    path = tmp_path / "accounts.toml"
    path.write_text(
        f'[[account]]\nid = "b1f3"\nreader = {{ apikey_file = "r" }}\n{line}'
    )

    assert faults(path, **CHANNELS) == [fault]
