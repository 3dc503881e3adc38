"""Answers to Slack that a worker sends: what was decided, and what a look brought."""

import pytest
from factories import DALLAS, FRANKFURT, NOON

from workers.notify.slack_answers import Answer, Fate
from workers.notify.slack_gate import gate_text
from workers.offboarding.errors import Reason
from workers.offboarding.exposure import GateAnswer, Holding, ReadingKind
from workers.offboarding.model import Leaver, Note
from workers.offboarding.reasons import sentence
from workers.slack_answering import LateSaying
from workers.store.late import Late, LateAnswers

URL = "https://hooks.slack.com/actions/T0/1/secret"
DANA = Leaver("dana.lee@example.com")
SAFE = GateAnswer("dana.lee@example.com", True, (), (), NOON)


class Room:
    """What waits, a Slack that answers with the next of *fates*, and a gate."""

    def __init__(self, client):
        self.answers = LateAnswers(client)
        self.client = client
        self.fates = []
        self.posted = []
        self.gate = SAFE
        self.late = LateSaying(
            self.answers,
            gate=lambda question: self.gate,
            respond=self.respond,
            public_url="https://offboard.example.com",
        )

    def respond(self, url, body):
        assert url == URL
        self.posted.append(body)
        fate = self.fates.pop(0) if self.fates else Fate.SENT
        return Answer(fate, str(fate))

    def say(self, **more):
        late_id = self.answers.keep(Late(URL, **more))
        self.late.say(late_id)
        return late_id

    def again(self, late_id):
        self.late.say(late_id)

    def waits(self, late_id):
        return bool(self.client.exists(f"offboard:late:{late_id}"))


@pytest.fixture
def room(client):
    return Room(client)


def test_what_was_decided_is_said_and_gone(room):
    late_id = room.say(body={"text": "Approved."})

    assert room.posted == [{"text": "Approved."}]
    assert not room.waits(late_id)


def test_the_gate_is_asked_and_answered(room):
    room.say(leaver=DANA, user="dana.lee@example.com")

    (body,) = room.posted
    assert (body["response_type"], body["replace_original"]) == ("ephemeral", False)
    assert body["text"] == (
        ":white_check_mark: *Safe:* `dana.lee@example.com` may be removed, and no "
        "cluster loses its key.\n"
        "Read at 2026-11-23 12:00:00 UTC. "
        "<https://offboard.example.com/gate?user=dana.lee%40example.com|Ask again>"
    )


def test_a_worker_that_looks_at_enough_leaves_it_and_loses_no_try(room):
    room.gate = None

    late_id = room.say(leaver=DANA, user="dana.lee@example.com")
    for _ in range(10):
        room.again(late_id)
    room.gate = SAFE
    room.again(late_id)

    assert len(room.posted) == 1


@pytest.mark.parametrize("fate", [Fate.WAIT, Fate.NEVER_LEFT, Fate.MAYBE])
def test_what_did_not_arrive_is_sent_again_five_times_at_most(room, fate):
    room.fates = [fate] * 9

    late_id = room.say(body={"text": "Approved."})
    kept = room.waits(late_id)
    for _ in range(9):
        room.again(late_id)

    assert kept
    assert len(room.posted) == 5
    assert not room.waits(late_id)


def test_what_five_workers_died_over_is_given_up(room):
    late_id = room.answers.keep(Late(URL, body={"text": "Approved."}))
    for _ in range(5):
        room.answers.claim(late_id)
        room.client.hset(f"offboard:late:{late_id}", "held_until", 1)

    room.again(late_id)

    assert room.posted == []
    assert not room.waits(late_id)


def test_who_asked_what_five_workers_died_over_is_told_so(room):
    late_id = room.answers.keep(Late(URL, leaver=DANA, user="dana.lee@example.com"))
    for _ in range(5):
        room.answers.claim(late_id)
        room.client.hset(f"offboard:late:{late_id}", "held_until", 1)

    room.again(late_id)

    [told] = room.posted
    assert "*Not proven safe:*" in told["text"]
    assert told["response_type"] == "ephemeral"
    assert not room.waits(late_id)


def test_what_slack_will_never_take_is_given_up(room):
    room.fates = [Fate.REFUSED]

    late_id = room.say(body={"text": "Approved."})

    assert len(room.posted) == 1
    assert not room.waits(late_id)


def test_blocks_that_slack_refuses_are_said_beside_the_message(room):
    room.fates = [Fate.AS_TEXT]

    room.say(body={"replace_original": True, "text": "x", "blocks": [{}]})

    assert room.posted[1] == {
        "response_type": "ephemeral",
        "replace_original": False,
        "text": "x",
    }


def test_a_viewer_hears_of_a_case_only_that_there_is_one(room):
    note = Note(Reason.CASE_NOT_SAFE, "Case 01SECRET leaves on 2026-12-24.")
    room.gate = GateAnswer("dana.lee@example.com", False, (note,), (), NOON)

    room.say(leaver=DANA, user="dana.lee@example.com", is_viewer=True)
    room.say(leaver=DANA, user="dana.lee@example.com", is_viewer=False)

    assert "01SECRET" not in room.posted[0]["text"]
    assert "01SECRET" in room.posted[1]["text"]


def answer(*reasons, holdings=(), user="dana.lee@example.com"):
    notes = tuple(Note(one, sentence(one)) for one in reasons)
    return GateAnswer(user, False, notes, holdings, NOON)


@pytest.mark.parametrize(
    ("reasons", "verdict"),
    [
        ((Reason.OWNS_TARGETS,), "*Not safe:* do not remove"),
        ((Reason.CASE_NOT_SAFE, Reason.LIST_SHORT), "*Not safe:* do not remove"),
        ((Reason.LIST_SHORT,), "*Not proven safe:* not everything could be seen"),
        ((Reason.PERSON_NOT_FOUND,), "*Not proven safe:* no account knows"),
        ((), "*Not proven safe:* not everything could be seen"),
    ],
)
def test_only_a_proven_yes_is_called_safe(reasons, verdict):
    text = gate_text(answer(*reasons), None)

    assert verdict in text
    assert "*Safe:*" not in text


def test_targets_are_named_and_the_rest_counted():
    owned = Holding(DALLAS, ReadingKind.OWNER)
    unread = Holding(FRANKFURT, ReadingKind.UNREAD)

    text = gate_text(answer(holdings=(unread, *[owned] * 7)), None)

    assert "• `eu-de` / `payments`, 1 cluster: could not be read" in text
    assert text.count("• `us-south` / `payments`, 1 cluster: theirs") == 4
    assert "and 3 more targets" in text


def test_a_hostile_name_is_text():
    user = "`<!channel>` *a*@example.com"

    text = gate_text(answer(user=user), "https://offboard.example.com")

    assert "<!channel>" not in text
    assert "`&lt;!channel&gt; *a*@example.com`" in text
