"""All users compared with what was seen before; subscriptions kept alive."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from fake_graph import Fault, error

from config.settings import Settings
from config.sources import EntraGraphSettings, Sources
from workers.directories.graph_sync import GraphSync, Tellers, _key, open_sync
from workers.offboarding.errors import ConflictError, StoreAwayError
from workers.offboarding.heard import HeardKind, Unreadable, UnreadableError
from workers.offboarding.notice import NoticeKind
from workers.offboarding.seen_user import Chore, Place, SeenUser, UserStanding
from workers.store.names import KnownNames

HOUR = 3600.0
LEAVES = "2026-12-31T17:00:00Z"
LATER = "2026-12-22T00:00:00.0000000Z"


class Desk:
    """Remembers what it heard; ``fault`` is raised instead, once."""

    def __init__(self):
        self.heard, self.kept, self.told, self.fault = [], [], [], None

    def hear(self, heard):
        if self.fault:
            fault, self.fault = self.fault, None
            raise fault
        self.heard.append(heard)

    def quarantine(self, source, key, body, error):
        self.kept.append((source, key, body, error.reason))

    def tell(self, notice):
        self.told.append(notice)

    @property
    def news(self):
        return sorted((one.names.ids[0], one.kind) for one in self.heard)


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def sync(client, memory, desk, clock, graph):
    graph.subscriptions["s-1"] = {"id": "s-1", "expirationDateTime": LATER}
    return GraphSync(
        client,
        memory,
        Tellers(desk.hear, desk.quarantine, desk.tell),
        subscription_ids=("s-1",),
        every_seconds=HOUR,
        clock=clock,
    )


@pytest.fixture
def compare(sync, memory, desk):
    """Has everything compared now, and returns what was heard of it."""

    def compared():
        desk.heard = []
        memory.bring_forward()
        memory._client.delete("offboard:entra_graph:rest:look_again")
        sync.make_due()
        return desk.news

    return compared


@pytest.fixture
def staff(graph):
    for name in ("ann", "bob", "cat", "dan", "eve"):
        graph.put(name)
    return graph


def test_the_first_time_names_and_standings_are_learned_and_nobody_left(
    compare, staff, memory, fake_store
):
    staff.put("bob", accountEnabled=False)

    assert compare() == []
    assert memory.seen("ann") == SeenUser(UserStanding.ENABLED)
    assert memory.seen("bob") == SeenUser(UserStanding.DISABLED)
    assert KnownNames(fake_store).of("entra_graph", ["eve"]) == {
        "eve": "eve@example.com"
    }
    assert staff.paths().count("/v1.0/users/delta") == 3


def test_the_first_time_a_date_to_come_is_told(compare, staff, desk):
    staff.put("bob", employeeLeaveDateTime=LEAVES)

    assert compare() == [("bob", HeardKind.TERMINATED)]
    assert desk.heard[0].effective_at == datetime(2026, 12, 31, 17, tzinfo=UTC)


def test_later_only_what_changed_is_told(compare, staff):
    compare()
    staff.put("bob", accountEnabled=False)
    staff.put("ann", jobTitle="Lead")
    staff.delete("cat")
    staff.put("dan", employeeLeaveDateTime=LEAVES)
    staff.delete("eve")
    staff.purge("eve")

    assert compare() == [
        ("bob", HeardKind.DISABLED),
        ("cat", HeardKind.DELETED),
        ("dan", HeardKind.TERMINATED),
        ("eve", HeardKind.DELETED),
    ]
    assert compare() == []


def test_who_comes_back_and_a_date_taken_back_are_told(compare, staff):
    compare()
    staff.put("bob", accountEnabled=False)
    staff.put("dan", employeeLeaveDateTime=LEAVES)
    compare()
    staff.put("bob", accountEnabled=True)
    staff.put("dan", employeeLeaveDateTime=None)

    assert compare() == [
        ("bob", HeardKind.REACTIVATED),
        ("dan", HeardKind.CANCELLED),
    ]


def test_an_edit_costs_no_look_up(compare, staff):
    compare()
    staff.seen.clear()
    staff.put("ann", jobTitle="Lead")
    compare()

    assert "/v1.0/users/ann" not in staff.paths()


def test_an_account_that_is_made_disabled_is_no_departure(compare, staff):
    compare()
    staff.put("new", accountEnabled=False)

    assert compare() == []


def test_the_list_alone_makes_nobody_a_leaver(compare, staff):
    compare()
    staff.put("bob", accountEnabled=False)
    page = {
        "value": [{"id": "ann", "accountEnabled": False}],
        "@odata.deltaLink": f"{staff.url}/v1.0/users/delta?$deltatoken=6-1",
    }
    staff.faults.append(Fault("/users/delta", body=json.dumps(page).encode()))

    assert compare() == []


def test_what_two_sweeps_tell_has_two_keys(compare, staff, desk):
    compare()
    keys = []
    for enabled in (False, True, False):
        staff.put("bob", accountEnabled=enabled)
        compare()
        keys += [one.event_key for one in desk.heard]

    assert len(set(keys)) == 3
    assert all(one.startswith("entra_graph:") and len(one) <= 255 for one in keys)


def test_the_same_link_in_another_round_makes_another_key():
    first = _key(Place("https://delta", False, "round-1"), "bob")
    second = _key(Place("https://delta", False, "round-2"), "bob")

    assert first != second
    assert first == _key(Place("https://delta", False, "round-1"), "bob")


def test_a_date_that_is_not_said_is_not_taken_for_none(compare, staff):
    staff.put("bob", employeeLeaveDateTime=LEAVES)
    compare()
    staff.seen.clear()
    page = {
        "value": [{"id": "bob", "accountEnabled": True}],
        "@odata.deltaLink": f"{staff.url}/v1.0/users/delta?$deltatoken=6-1",
    }
    staff.faults.append(Fault("/users/delta", body=json.dumps(page).encode()))

    assert compare() == []
    assert "/v1.0/users/bob" not in staff.paths()


# --- nothing is lost ---------------------------------------------------------------


def test_what_could_not_be_told_is_told_the_next_time_under_the_same_key(
    compare, sync, staff, desk, memory
):
    compare()
    staff.put("bob", accountEnabled=False)
    staff.delete("cat")
    desk.fault = StoreAwayError("away")
    with pytest.raises(StoreAwayError):
        compare()
    desk.heard = []

    assert compare() == [("bob", HeardKind.DISABLED), ("cat", HeardKind.DELETED)]
    assert compare() == []


def test_a_fault_in_the_middle_goes_on_where_it_was(compare, staff, memory):
    compare()
    for name in ("ann", "bob", "cat"):
        staff.put(name, accountEnabled=False)
    staff.faults.append(error(503, "busy", "/users/cat", times=1))

    first, second = compare(), compare()

    assert first == [("ann", HeardKind.DISABLED), ("bob", HeardKind.DISABLED)]
    assert second == [("cat", HeardKind.DISABLED)]


def test_a_whole_list_that_broke_off_goes_on(compare, staff):
    staff.put("eve", employeeLeaveDateTime=LEAVES)
    staff.faults.append(error(503, "busy", "/users/eve"))
    first = compare()
    staff.seen.clear()

    second = compare()

    assert (first, second) == ([], [("eve", HeardKind.TERMINATED)])
    assert staff.paths().count("/v1.0/users/delta") == 1


@pytest.mark.parametrize(
    "fault",
    [
        error(410, "Gone", "/users/delta"),
        error(400, "syncStateNotFound", "/users/delta"),
        error(400, "resyncRequired", "/users/delta"),
    ],
)
def test_a_lost_state_lists_everybody_anew_and_finds_who_left_meanwhile(
    compare, staff, fault
):
    compare()
    staff.put("bob", accountEnabled=False)
    staff.delete("cat")
    staff.delete("dan")
    staff.purge("dan")
    staff.put("new")
    staff.put("late", accountEnabled=False)
    staff.faults.append(fault)

    assert compare() == [
        ("bob", HeardKind.DISABLED),
        ("cat", HeardKind.DELETED),
        ("dan", HeardKind.DELETED),
    ]
    assert compare() == []


def test_a_token_that_ran_out_lists_everybody_anew(compare, staff):
    compare()
    staff.delete("cat")
    staff.forget_tokens()

    assert compare() == [("cat", HeardKind.DELETED)]


def test_who_is_missing_in_a_whole_list_and_is_there_did_not_leave(
    compare, staff, memory
):
    compare()
    staff.faults.append(error(410, "Gone", "/users/delta"))
    hidden = staff.users.pop("eve")
    read = staff._one

    def one(among, object_id, query):
        return (
            read({"eve": hidden}, "eve", query)
            if object_id == "eve"
            else read(among, object_id, query)
        )

    staff._one = one

    assert compare() == []


def test_what_nobody_can_act_on_is_kept_with_what_a_replay_needs(compare, staff, desk):
    compare()
    staff.put("bob", accountEnabled=False)
    desk.fault = UnreadableError(Unreadable.TWO_PEOPLE, "two")
    compare()
    ((source, key, body, reason),) = desk.kept

    assert (source, reason) == ("entra_graph", Unreadable.TWO_PEOPLE)
    assert key.startswith("entra_graph:delta:")
    assert body["resourceData"]["id"] == "bob"
    assert body["changeType"] == "updated"


def test_a_date_nobody_can_read_is_kept_and_the_others_go_on(compare, staff, desk):
    compare()
    staff.put("ann", employeeLeaveDateTime="soon")
    staff.put("bob", accountEnabled=False)

    assert compare() == [("bob", HeardKind.DISABLED)]
    assert [one[3] for one in desk.kept] == [Unreadable.BAD_TIME]


def test_a_conflict_stops_nobody_else(compare, staff, desk):
    compare()
    staff.put("ann", accountEnabled=False)
    staff.put("bob", accountEnabled=False)
    desk.fault = ConflictError("used", reason="event_key")

    assert compare() == [("bob", HeardKind.DISABLED)]
    ((_, _, body, reason),) = desk.kept
    assert (body["resourceData"]["id"], reason) == ("ann", Unreadable.KEY_REUSED)


def test_who_is_to_be_looked_up_once_more_is(compare, sync, staff, desk, memory):
    compare()
    staff.put("bob", accountEnabled=False)
    staff.changes.pop()
    memory.look_again("bob", 0)

    assert compare() == [("bob", HeardKind.DISABLED)]
    assert memory.due_again(10) == []


def test_who_could_not_be_looked_up_once_more_stays_due(compare, staff, memory, desk):
    compare()
    staff.put("bob", accountEnabled=False)
    staff.changes.pop()
    memory.look_again("bob", 0)
    staff.faults.append(error(503, "busy", "/users/bob"))

    first, second = compare(), compare()

    assert (first, second) == ([], [("bob", HeardKind.DISABLED)])


# --- whose turn, and when ----------------------------------------------------------


def test_it_is_compared_when_it_is_due_only(sync, staff):
    sync.make_due()
    staff.seen.clear()
    sync.make_due()

    assert staff.seen == []


def test_one_worker_compares_at_a_time(sync, staff, memory):
    token = memory.claim(100)
    sync.make_due()
    idle = list(staff.seen)
    memory.end(token)
    sync.make_due()

    assert idle == []
    assert staff.seen != []


def test_who_lost_the_turn_stops(sync, compare, staff, memory, desk):
    compare()
    staff.put("ann", accountEnabled=False)
    staff.put("bob", accountEnabled=False)
    hear = desk.hear

    def slow(heard):
        hear(heard)
        memory._client.set("offboard:entra_graph:turn", "another's")

    sync._tellers = Tellers(slow, desk.quarantine, desk.tell)

    assert compare() == [("ann", HeardKind.DISABLED)]
    assert memory._client.get("offboard:entra_graph:turn") == "another's"


def test_a_fault_waits_as_long_as_graph_says(sync, staff, memory):
    fault = error(429, "TooMany", "/users/delta", headers={"Retry-After": "77"})
    staff.faults.append(fault)
    sync.make_due()

    assert 76_000 < memory._client.pttl("offboard:entra_graph:rest:compare") <= 77_000


def test_a_bug_gives_the_turn_back(sync, staff, memory):
    def broken(*_):
        raise RuntimeError

    sync._memory.due_again = broken
    with pytest.raises(RuntimeError):
        sync.make_due()

    assert memory.claim(1) is not None


# --- Graph against us --------------------------------------------------------------


def test_a_link_that_leads_elsewhere_is_not_followed(compare, staff, desk):
    staff.next_host = "http://127.0.0.1:9"
    compare()

    assert [one.kind for one in desk.told] == [NoticeKind.GRAPH_REFUSES]
    assert staff.paths().count("/v1.0/users/delta") == 1


@pytest.mark.parametrize(
    "link",
    [
        "https://graph.microsoft.com.example.com/v1.0/users/delta",
        "{url}@example.com/v1.0/users/delta",
        "{url}/beta/users/delta",
        "//example.com/v1.0/users/delta",
        "/v1.0/users/delta",
    ],
)
def test_no_link_of_another_host_or_place_is_ours(client, graph, link):
    assert not client._is_ours(link.format(url=graph.url))


def test_a_refusal_is_told_once_until_it_is_mended(compare, staff, desk, memory):
    for _ in range(2):
        staff.faults.append(error(403, "Authorization_RequestDenied", "/users/delta"))
        compare()
    one, two = desk.told
    compare()
    staff.faults.append(error(403, "Authorization_RequestDenied", "/users/delta"))
    compare()

    assert one.id == two.id
    assert desk.told[2].id != one.id
    assert "User.Read.All" in str(one.items[0].line[0])


@pytest.mark.parametrize(
    "body", [b"{}", b'{"value": {}}', b'{"value": []}', b"<html>", b'{"value": [5]}']
)
def test_a_page_that_is_none_leaves_everything_as_it_was(compare, staff, memory, body):
    compare()
    place = memory.place()
    staff.put("bob", accountEnabled=False)
    staff.faults.append(Fault("/users/delta", body=body))

    assert compare() == []
    assert memory.place() == place
    assert compare() == [("bob", HeardKind.DISABLED)]


# --- subscriptions -----------------------------------------------------------------


def test_a_subscription_with_much_of_its_life_left_is_left_alone(sync, graph):
    sync.make_due()

    assert graph.paths("PATCH") == []


def test_a_subscription_about_to_end_is_prolonged(sync, graph, clock):
    graph.subscriptions["s-1"]["expirationDateTime"] = "2026-12-02T11:00:00Z"
    sync.make_due()

    (asked,) = [one for one in graph.seen if one.method == "PATCH"]
    assert asked.path == "/v1.0/subscriptions/s-1"
    assert asked.body == b'{"expirationDateTime": "2026-12-22T11:50:00.0000000Z"}'
    assert timedelta(minutes=41_760) == timedelta(days=29)


def test_a_subscription_that_is_gone_is_told(sync, graph, desk):
    del graph.subscriptions["s-1"]
    sync.make_due()

    (told,) = desk.told
    assert told.kind is NoticeKind.SUBSCRIPTION_LOST
    assert "s-1" in str(told.about[0])


def test_a_loss_is_the_same_notice_each_time(sync, graph, desk, memory):
    del graph.subscriptions["s-1"]
    sync.make_due()
    memory.bring_forward()
    sync.make_due()

    assert len({one.id for one in desk.told}) == 1


def test_a_subscription_without_an_end_is_looked_at_again_soon(sync, graph, memory):
    del graph.subscriptions["s-1"]["expirationDateTime"]
    sync.make_due()

    assert memory._client.ttl("offboard:entra_graph:rest:subscribe") <= 300


def test_a_fault_of_a_subscription_stops_no_comparing(sync, staff, memory):
    staff.faults.append(error(503, "busy", "/subscriptions/", times=9))
    sync.make_due()

    assert memory.compared_at() is not None
    assert not memory.is_due(Chore.SUBSCRIBE)


def test_it_is_off_without_a_secret(memory, desk, mine):
    off = Settings(sources=Sources(entra_graph=EntraGraphSettings()))
    on = Settings(sources=Sources(entra_graph=mine))
    tellers = Tellers(desk.hear, desk.quarantine, desk.tell)

    assert open_sync(off, memory, tellers) is None
    assert open_sync(on, memory, tellers) is not None
