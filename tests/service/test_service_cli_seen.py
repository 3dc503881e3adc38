"""`offboard exposure` and `offboard gate` against a service that is played."""

import shlex

import pytest
from fake_api import (
    FUNCTIONAL_ID,
    LOST,
    USER,
    Says,
    a_gate,
    a_holding,
    a_note,
    a_person,
    a_problem,
    an_exposure,
    an_owner,
    not_read,
    result_in,
    squeezed,
)

EXPOSURE = ("GET", "/api/exposure")
GATE = ("GET", "/api/gate/dana.lee%40example.com")
ROBIN = {"id": "IBMid-2", "name": "Robin Park", "email": "robin.park@example.com"}
NAMELESS = {"id": "IBMid-7", "name": None, "email": None, "kind": "unknown"}
EVIL = "[bold red]x[/] :smile: \x1b]0;pwned\x07\x9b31m\u202eevil\nNot seen: 0"


def clusters(*names):
    return [{"id": f"id-{one}", "name": one, "provider": "vpc-gen2"} for one in names]


SEEN = an_exposure(
    a_holding(clusters=clusters("pay-1", "pay-2")),
    a_holding("eu-de", "tools", owner=an_owner(**ROBIN)),
    a_holding("us-east", "lab", owner=FUNCTIONAL_ID, clusters=[]),
    not_read("us-east", owner=an_owner()),
    a_holding("jp-tok", "old", reading="none", owner=None, checked_at=None),
    a_holding("br-sao", "odd", owner=NAMELESS),
    people=[
        a_person(2, 3),
        a_person(1, 1, left=True, **ROBIN),
        a_person(1, 1, **NAMELESS),
        a_person(4, 0, id="IBMid-8", name="Kim", email=None),
    ],
)

SEEN_SHOWN = """\
Not everything was seen: 1 target unread.
Departures from an outage: at least 3 (people who own the key of a target with \
clusters).
Not seen: 1 of 6 targets.
Left already, and still own a key: 1 of these people.
Surveyed: 2026-02-16T10:02:11.000Z, or later.

Not seen
- 1 target: IBM Cloud refused: a role is missing, or an address restriction keeps \
this service out.

People
Person Clusters Targets Note
Robin Park (robin.park@example.com) 1 1 HAS LEFT
Dana Lee (dana.lee@example.com) 3 2
IBMid-7, whom nobody could name 1 1
Kim 0 4

Targets
Region Resource group Owner Kind Clusters Last seen
us-east payments not seen (no_role); before: Dana Lee (dana.lee@example.com) pay-1 \
tried 2026-02-16T10:02:11.000Z
us-south payments Dana Lee (dana.lee@example.com) person pay-1, pay-2 \
2026-02-16T10:02:11.000Z
eu-de tools Robin Park (robin.park@example.com) person pay-1 2026-02-16T10:02:11.000Z
us-east lab iks-functional-1 functional ID none 2026-02-16T10:02:11.000Z
jp-tok old no key pay-1 never
br-sao odd IBMid-7, whom nobody could name unknown pay-1 2026-02-16T10:02:11.000Z

Left to do
Robin Park (robin.park@example.com) has left: see what is to be reset now.
offboard run robin.park@example.com
Find out what keeps targets from being seen:
offboard doctor
"""


def test_exposure_shows_the_numbers_the_people_and_the_targets(api, offboard):
    api.script(EXPOSURE, Says(SEEN))

    done = offboard("exposure")

    assert squeezed(done.stdout) == squeezed(SEEN_SHOWN)
    assert (done.stderr, done.exit_code) == ("", 3)


GOOD_SHOWN = """\
Departures from an outage: 1 (people who own the key of a target with clusters).
Not seen: 0 of 1 target.
Left already, and still own a key: 0 of these people.
Surveyed: 2026-02-16T10:02:11.000Z, or later.

People
Person Clusters Targets Note
Dana Lee (dana.lee@example.com) 1 1

Targets
Region Resource group Owner Kind Clusters Last seen
us-south payments Dana Lee (dana.lee@example.com) person pay-1 2026-02-16T10:02:11.000Z
"""


def test_an_exposure_that_saw_everything_leaves_nothing_to_do(api, offboard):
    api.script(EXPOSURE, Says(an_exposure(a_holding(), people=[a_person()])))

    done = offboard("exposure")

    assert squeezed(done.stdout) == squeezed(GOOD_SHOWN)
    assert (done.stderr, done.exit_code) == ("", 0)


def test_an_account_that_was_never_surveyed_is_no_all_clear(api, offboard):
    api.script(EXPOSURE, Says(an_exposure(checked_at=None)))

    done = offboard("exposure")

    assert done.exit_code == 3
    assert done.stdout.startswith(
        "Not everything was seen: an account was never surveyed yet.\n"
        "Departures from an outage: at least 0 "
    )
    assert "Surveyed: not everywhere yet.\n" in done.stdout
    assert "No person was seen to own a key.\n" in done.stdout
    assert done.stderr == ""


def test_people_only_leaves_the_targets_out(api, offboard):
    api.script(EXPOSURE, Says(an_exposure(a_holding(), people=[a_person()])))

    table = offboard("exposure", "--people-only")
    as_json = result_in(offboard("exposure", "--people-only", "-o", "json").stdout)

    assert "Targets\nRegion" not in "\n".join(squeezed(table.stdout))
    assert "Dana Lee" in table.stdout
    assert list(as_json) == [
        "people",
        "departures_from_outage",
        "unread",
        "checked_at",
    ]


def test_json_of_an_exposure_is_what_the_service_said(api, offboard):
    body = an_exposure(not_read(brand_new="\x9b31m"), people=[a_person()])
    api.script(EXPOSURE, Says(body))

    done = offboard("exposure", "-o", "json")

    assert result_in(done.stdout) == body
    assert done.stdout.isascii()
    assert done.exit_code == 3


NOT_SEEN = {
    "a list": ("list_unreadable", 3, "Not everything was seen: A list in the"),
    "a short list": ("list_short", 3, "Not everything was seen: A list in the"),
    "rights": ("visibility_not_proven", 3, "Not everything was seen: The policies of"),
    "an old index": ("index_stale", 3, "Not everything was seen: No survey has been"),
    "of a newer service": ("sun_in_eyes", 0, "sun_in_eyes"),
}


@pytest.mark.parametrize(("reason", "code", "told"), NOT_SEEN.values(), ids=NOT_SEEN)
def test_a_list_the_survey_could_not_read_is_no_all_clear(
    api, offboard, reason, code, told
):
    body = an_exposure(a_holding())
    api.script(EXPOSURE, Says(body, headers=(("Offboard-Not-Seen", reason),)))

    done = offboard("exposure")

    assert done.exit_code == code
    assert done.stdout.startswith(told)
    assert ("offboard doctor" in done.stdout.splitlines()) is (code == 3)


def test_json_of_an_exposure_tells_beside_it_what_was_not_seen(api, offboard):
    blind = Says(an_exposure(), headers=(("Offboard-Not-Seen", "list_short"),))
    api.script(EXPOSURE, blind)

    done = offboard("exposure", "-o", "json")

    assert done.stderr.startswith("Not everything was seen: A list in the")
    assert result_in(done.stdout) == an_exposure()


def test_several_accounts_are_told_apart(api, offboard):
    body = an_exposure(a_holding(), a_holding(account_id="acc2"))
    api.script(EXPOSURE, Says(body))

    lines = squeezed(offboard("exposure").stdout)

    assert "Account Region Resource group Owner Kind Clusters Last seen" in lines
    assert [line.split()[0] for line in lines if "us-south" in line] == ["acc1", "acc2"]


def test_who_left_is_told_with_a_command_a_shell_can_take(api, offboard):
    people = [
        a_person(left=True, id=f"IBMid-{n}", name="A B", email=None) for n in range(12)
    ]
    api.script(EXPOSURE, Says(an_exposure(people=people)))

    lines = offboard("exposure").stdout.splitlines()

    commands = [line for line in lines if line.startswith("offboard ")]
    assert commands[:2] == ["offboard run IBMid-0", "offboard run IBMid-1"]
    assert len(commands) == 10


def test_many_clusters_are_counted_and_not_listed(api, offboard):
    names = [f"c{n}" for n in range(12)]
    api.script(EXPOSURE, Says(an_exposure(a_holding(clusters=clusters(*names)))))

    text = offboard("exposure").stdout

    assert "c0, c1, c2, c3, c4, c5, c6, c7, and 4 more" in text


@pytest.mark.parametrize(
    "name", ["x" * 5000, "東京のチーム", "बेंगलुरु", "e\u0301" * 40], ids=str
)
def test_long_and_wide_names_are_shown_whole_on_one_line(api, offboard, name):
    held = a_holding(group=name, owner=an_owner(name=name, email=None))
    api.script(EXPOSURE, Says(an_exposure(held, people=[a_person(name=name)])))

    lines = squeezed(offboard("exposure").stdout)

    assert f"us-south {name} {name} person pay-1 2026-02-16T10:02:11.000Z" in lines
    assert f"{name} (dana.lee@example.com) 1 1" in lines


def hostile():
    owner = an_owner(id=EVIL, name=EVIL, email=None, kind=EVIL)
    held = a_holding(EVIL, EVIL, account_id=EVIL, owner=owner, clusters=clusters(EVIL))
    unread = not_read(reading=EVIL, reason=EVIL, owner=owner, checked_at=EVIL)
    return held, unread, {"owner": owner, "targets": 1, "clusters": 1, "left": True}


def assert_harmless(done):
    for text in (done.stdout, done.stderr):
        assert not set(text) & set("\x1b\x07\x9b\u202e")
    assert "[bold red]x[/] :smile:" in done.stdout
    assert "Not seen: 0" not in done.stdout.splitlines()


def test_hostile_names_in_an_exposure_are_shown_as_text(api, offboard):
    held, unread, person = hostile()
    body = an_exposure(held, unread, people=[person], checked_at=EVIL, unread=1)
    api.script(EXPOSURE, Says(body))

    assert_harmless(offboard("exposure"))


def test_hostile_names_in_a_gate_are_shown_as_text(api, offboard):
    held, unread, _ = hostile()
    notes = (a_note(EVIL, EVIL), a_note("owns_targets", EVIL))
    body = a_gate(*notes, targets=(held, unread), user=EVIL, checked_at=EVIL)
    api.script(GATE, Says(body))

    done = offboard("gate", USER)

    assert_harmless(done)
    commands = [
        shlex.split(line)[1:]
        for line in done.stdout.splitlines()
        if line.startswith("offboard ")
    ]
    assert [len(words) for words in commands] == [2, 2]


def test_another_body_is_not_taken_for_an_exposure(api, offboard):
    api.script(EXPOSURE, Says({"targets": []}))

    done = offboard("exposure")

    assert (done.exit_code, done.stdout) == (6, "")
    assert "Another version?" in done.stderr


SAFE = """\
Safe: dana.lee@example.com may be removed, and no cluster loses its key.
Read at 2026-02-16T10:02:11.000Z.
"""
UNKNOWN = """\
Not proven safe: no account knows dana.lee@example.com. No cluster API key is theirs \
under that name; see how it is spelt.
Read at 2026-02-16T10:02:11.000Z.

Reasons
- No account that was read knows them. (person_not_found)

Left to do
See how the account knows them, and ask by that name or by IAM ID:
ibmcloud account users --output json
When that is done, ask again:
offboard gate dana.lee@example.com
"""
OWNS = """\
Not safe: do not remove dana.lee@example.com yet.
Read at 2026-02-16T10:02:11.000Z.

Reasons
- They own the cluster API keys of 1 target. (owns_targets)

Targets
Region Resource group Owner Kind Clusters Last seen
us-south payments Dana Lee (dana.lee@example.com) person pay-1 2026-02-16T10:02:11.000Z

Left to do
See what is to be reset; with --apply it is done:
offboard run dana.lee@example.com
When that is done, ask again:
offboard gate dana.lee@example.com
"""
BLIND = """\
Not proven safe: not everything could be seen. Do not remove dana.lee@example.com.
Read at 2026-02-16T10:02:11.000Z.

Reasons
- Rights are not proven. (visibility_not_proven)
- Not read: eu-de / payments. (no_role)

Targets
Region Resource group Owner Kind Clusters Last seen
eu-de payments not seen (no_role) pay-1 tried 2026-02-16T10:02:11.000Z

Left to do
Not read: eu-de / payments. IBM Cloud refused: a role is missing, or an address \
restriction keeps this service out. Who mends it: an administrator of IAM in the \
account.
ibmcloud iam user-policy-create READER --roles Viewer --service-name \
containers-kubernetes
Find out what keeps it from being seen, and how to mend that:
offboard doctor
When that is done, ask again:
offboard gate dana.lee@example.com
"""
KEPT = """\
Not safe: do not remove dana.lee@example.com yet.
Read at 2026-02-16T10:02:11.000Z.

Reasons
- They are kept. (protected_user)
"""
CASE = """\
Not safe: do not remove dana.lee@example.com yet.
Read at 2026-02-16T10:02:11.000Z.

Reasons
- Case 1 is open. (case_not_safe)

Left to do
See how their case stands:
offboard case list --user dana.lee@example.com
When that is done, ask again:
offboard gate dana.lee@example.com
"""
GATES = {
    "safe": (a_gate(safe=True), 0, SAFE),
    "unknown": (
        a_gate(
            a_note("person_not_found", "No account that was read knows them."),
        ),
        3,
        UNKNOWN,
    ),
    "owns": (
        a_gate(
            a_note("owns_targets", "They own the cluster API keys of 1 target."),
            targets=[a_holding()],
        ),
        4,
        OWNS,
    ),
    "blind": (
        a_gate(
            a_note("visibility_not_proven", "Rights are not proven."),
            a_note("no_role", "Not read: eu-de / payments."),
            targets=[not_read()],
        ),
        3,
        BLIND,
    ),
    "kept": (a_gate(a_note("protected_user", "They are kept.")), 4, KEPT),
    "case": (a_gate(a_note("case_not_safe", "Case 1 is open.")), 4, CASE),
}


@pytest.mark.parametrize(("body", "code", "text"), GATES.values(), ids=GATES)
def test_the_gate_says_its_verdict_first_and_then_what_to_do(
    api, offboard, body, code, text
):
    api.script(GATE, Says(body))

    done = offboard("gate", USER)

    assert squeezed(done.stdout) == squeezed(text)
    assert (done.stderr, done.exit_code) == ("", code)


def test_targets_that_one_person_can_mend_are_told_together(api, offboard):
    targets = [not_read(f"r{n}") for n in range(7)]
    targets.append(not_read("eu-gb", reason="no_cluster"))
    body = a_gate(a_note("no_role", "x"), a_note("no_cluster", "y"), targets=targets)
    api.script(GATE, Says(body))

    lines = offboard("gate", USER).stdout.splitlines()

    told = [line for line in lines if line.startswith("Not read: ")]
    groups = ", ".join(f"r{n} / payments" for n in range(5))
    assert [line.partition(". ")[0] for line in told] == [
        f"Not read: {groups}, and 2 more",
        "Not read: eu-gb / payments",
    ]


def test_a_target_without_a_group_comes_with_no_command_that_would_hit_another(
    api, offboard
):
    unread = not_read(reason="no_cluster", resource_group={"id": "", "name": None})
    api.script(GATE, Says(a_gate(a_note("no_cluster", "x"), targets=[unread])))

    lines = offboard("gate", USER).stdout.splitlines()

    assert "ibmcloud resource groups" in lines
    assert not any("api-key reset" in line for line in lines)


CODES = {
    "a list unread": (a_gate("list_unreadable"), 3),
    "a short list": (a_gate("list_short"), 3),
    "an unknown owner": (a_gate("owner_unknown"), 3),
    "not reached": (a_gate("unreachable"), 3),
    "asked too often": (a_gate("rate_limited"), 3),
    "a target unread for a new reason": (
        a_gate("sun_in_eyes", targets=[not_read(reason="sun_in_eyes")]),
        3,
    ),
    "nobody found and not seen": (a_gate("person_not_found", "list_short"), 3),
    "owned, and not all seen": (a_gate("list_unreadable", "owns_targets"), 4),
    "a case, and not all seen": (a_gate("case_not_safe", "no_role"), 4),
    "a classic credential": (a_gate("classic_credential"), 4),
    "two people": (a_gate("ambiguous_person"), 4),
    "a new reason": (a_gate("moon_is_full"), 4),
    "no reason at all": (a_gate(), 4),
    "nobody found": (a_gate("person_not_found"), 3),
}


@pytest.mark.parametrize(("body", "code"), CODES.values(), ids=CODES)
def test_only_what_could_not_be_seen_ends_a_gate_with_three(api, offboard, body, code):
    api.script(GATE, Says(body))

    done = offboard("gate", USER, "-o", "json")

    assert done.exit_code == code
    assert result_in(done.stdout) == body


UNDER_WAY = a_gate("reading_under_way")


def test_a_gate_that_is_still_read_is_asked_again(api, offboard):
    api.script(GATE, *[Says(UNDER_WAY)] * 3, Says(a_gate(safe=True)))

    done = offboard("gate", USER)

    assert done.exit_code == 0
    assert len(api.calls(*GATE)) == 4
    assert done.stderr == "The owners are being read; it is asked again.\n"


def test_a_gate_is_asked_no_longer_than_it_was_told(api, offboard):
    api.script(GATE, Says(UNDER_WAY))

    done = offboard("gate", USER, "--timeout", "5")

    assert done.exit_code == 3
    assert 2 <= len(api.calls(*GATE)) < 1000
    assert "Waited too long for the readings" in done.stderr
    assert "may be removed" not in done.stdout


def test_a_gate_without_patience_is_asked_once(api, offboard):
    api.script(GATE, Says(UNDER_WAY))

    assert offboard("gate", USER, "--timeout", "0").exit_code == 3
    assert len(api.calls(*GATE)) == 1


def test_a_no_is_not_waited_for_though_more_is_read(api, offboard):
    api.script(GATE, Says(a_gate("reading_under_way", "owns_targets")))

    assert offboard("gate", USER).exit_code == 4
    assert len(api.calls(*GATE)) == 1


def test_a_gate_is_asked_again_after_a_broken_connection(api, offboard):
    api.script(GATE, LOST, Says(a_gate(safe=True)))

    assert offboard("gate", USER).exit_code == 0


def test_a_gate_nobody_answers_is_never_a_yes(api, offboard):
    api.script(GATE, a_problem(503, "The store is away."))

    done = offboard("gate", USER)

    assert (done.exit_code, done.stdout) == (6, "")
    assert done.stderr == "The store is away.\n"


@pytest.mark.parametrize("safe", [None, "true", 1])
def test_a_gate_that_does_not_plainly_say_safe_is_no_answer(api, offboard, safe):
    api.script(GATE, Says(a_gate() | {"safe": safe}))

    assert offboard("gate", USER).exit_code == 6


def test_a_person_the_service_cannot_take_is_a_fault_of_usage(api, offboard):
    route = ("GET", "/api/gate/nobody")
    errors = {"user": ["Give an e-mail or an IAM ID."]}
    api.script(route, a_problem(422, "Some fields.", errors=errors))

    done = offboard("gate", "nobody")

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "user: Give an e-mail or an IAM ID.\n"


@pytest.mark.parametrize("command", ["exposure", "gate", "doctor"])
def test_help_names_the_exit_codes_and_the_way_without_a_service(offboard, command):
    text = " ".join(offboard(command, "--help").stdout.split())

    assert "Ends with 0" in text
    assert "--local" in text
    assert "Writes nothing." in text


def a_steward(**over):
    return {
        "account_id": "acc1",
        "id": "IBMid-9",
        "name": "iks-1",
        "keys": 12,
        "key_limit": 20,
        "free": 8,
        "owns": 4,
        "would_take": 5,
        "free_after": 3,
        "weak": [],
        **over,
    }


def test_exposure_foresees_the_key_slots_of_functional_ids(api, offboard):
    weak = a_steward(
        id="IBMid-8",
        name="iks-2",
        keys=None,
        free_after=None,
        weak=[{"reason": "missing_role", "text": "iks-2 lacks a role."}],
    )
    api.script(EXPOSURE, Says(an_exposure(functional_ids=[a_steward(), weak])))

    done = offboard("exposure", "--people-only")

    shown = squeezed(done.stdout)
    start = shown.index("Key slots, by the last survey")
    assert shown[start : start + 5] == [
        "Key slots, by the last survey",
        "Functional ID Keys Owns Would take Left after Note",
        "iks-1 12 of 20 4 5 3",
        "iks-2 not seen of 20 4 5 not seen WEAK",
        "- iks-2 lacks a role.",
    ]
    assert "offboard permissions --account acc1" in shown


def test_few_slots_are_no_question_of_rights(api, offboard):
    few = a_steward(weak=[{"reason": "few_key_slots", "text": "2 left."}])
    api.script(EXPOSURE, Says(an_exposure(functional_ids=[few])))

    done = offboard("exposure")

    assert "WEAK" in done.stdout
    assert "offboard permissions" not in done.stdout


def test_functional_ids_of_several_accounts_are_told_apart(api, offboard):
    two = [a_steward(), a_steward(account_id="acc2", name="x\u202ey")]
    api.script(EXPOSURE, Says(an_exposure(functional_ids=two)))

    shown = squeezed(offboard("exposure").stdout)

    assert "iks-1 in acc1 12 of 20 4 5 3" in shown
    assert "x\ufffdy in acc2 12 of 20 4 5 3" in shown


def test_a_service_that_tells_of_no_functional_ids_is_read_still(api, offboard):
    api.script(EXPOSURE, Says(an_exposure()))

    done = offboard("exposure")

    assert (done.exit_code, "Key slots" in done.stdout) == (0, False)


def an_account(name, account_id, **over):
    return {
        "account_id": account_id,
        "name": name,
        "armed": True,
        "surveyed_at": "2026-02-16T10:02:11.000Z",
        "complete": True,
        "reason": None,
        "targets": 1,
        "people_owned": 1,
        "departures_from_outage": 1,
        "unread": 0,
        **over,
    }


TWO = [
    an_account("production", "acc1"),
    an_account(
        "staging", "acc2", complete=False, reason="list_unreadable", armed=False
    ),
]


def test_exposure_has_a_line_an_account_with_what_was_not_seen_first(api, offboard):
    api.script(EXPOSURE, Says(an_exposure(a_holding(), accounts=TWO)))

    said = " ".join(offboard("exposure").stdout.split())

    first = "staging at least 1 1 1 0 no 2026-02-16T10:02:11.000Z"
    assert said.index(first) < said.index("production 1 1 1 0 yes")
    assert "- staging: " in said


def test_one_account_alone_has_no_table_of_accounts(api, offboard):
    api.script(EXPOSURE, Says(an_exposure(a_holding(), accounts=TWO[:1])))

    assert "Accounts" not in offboard("exposure").stdout


def test_an_account_is_asked_for_by_its_name(api, offboard):
    whole = an_exposure(a_holding(), accounts=TWO)
    api.script(EXPOSURE, Says(whole), Says(an_exposure(accounts=TWO[1:])))

    offboard("exposure", "--account", "staging", "--account", "acc2")

    assert [one.query for one in api.asked] == [{}, {"account_id": "acc2"}]


def test_an_account_that_nobody_knows_is_a_misspelling_and_not_empty(api, offboard):
    api.script(EXPOSURE, Says(an_exposure(a_holding(), accounts=TWO)))

    done = offboard("exposure", "--account", "stagin")

    assert done.exit_code == 2
    assert "No account is called stagin." in done.stderr


def test_two_accounts_of_one_name_are_asked_for_by_id(api, offboard):
    both = [an_account("same", "acc1"), an_account("same", "acc2")]
    api.script(EXPOSURE, Says(an_exposure(accounts=both)))

    done = offboard("exposure", "--account", "same")

    assert done.exit_code == 2
    assert "Several accounts are called same." in done.stderr
