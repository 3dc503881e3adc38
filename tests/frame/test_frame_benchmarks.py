"""The benchmarks' frame: figures, the runner, and the page that shows them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from benchmarks import __main__ as runner
from benchmarks import against, document, figures, running
from benchmarks.far_side import Call
from benchmarks.figures import Figure, Found
from benchmarks.order import ORDER, Turn, named
from benchmarks.peers import ground, sequential
from benchmarks.peers.cloud import Place

PAGE = document.PAGE.read_text(encoding="utf-8")
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
SAFE = Figure(
    measure="owner-safe without canary",
    goal="<= 1.05 x floor",
    value=1.02,
    limit=1.05,
    ours=21.2,
    floor=20.8,
)
MACHINE = {"cores": 2, "system": "Linux", "machine": "x86_64", "python": "3.11.7"}


def found(name, *of, at=NOON, **details):
    return Found(name, at, MACHINE, of, details)


@pytest.mark.parametrize(
    ("value", "at_most", "reached"),
    [
        (1.05, True, True),
        (1.06, True, False),
        (1.05, False, True),
        (1.04, False, False),
    ],
)
def test_a_goal_is_reached_at_its_limit_and_not_beyond(value, at_most, reached):
    one = replace(SAFE, value=value, limit=1.05, at_most=at_most)

    assert one.is_reached is reached


def test_a_table_says_which_goal_was_not_reached():
    late = replace(SAFE, value=1.2, ours=25.0, note="cold")

    assert figures.table([SAFE, late]) == (
        "| measure | goal | ours | floor | compared with | ratio or count | |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        "| owner-safe without canary | <= 1.05 x floor | 21.2 s | 20.8 s |  | 1.02 |"
        " reached |\n"
        "| owner-safe without canary | <= 1.05 x floor | 25 s | 20.8 s |  | 1.2 |"
        " **not reached**; cold |"
    )


def test_what_is_kept_is_read_back(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(figures, "RESULTS", tmp_path / "results")

    figures.report("departure", [SAFE], {"calls": {"reset": 100}})

    back = figures.read("departure", tmp_path / "results")
    assert back.name == "departure"
    assert back.figures == (SAFE,)
    assert back.details == {"calls": {"reset": 100}}
    assert back.made_at.tzinfo is not None
    assert "| owner-safe without canary |" in capsys.readouterr().out


def test_each_benchmark_of_the_list_is_a_module():
    folder = document.ROOT / "benchmarks"
    files = [f"{one.name.replace('.', '/')}.py" for one in ORDER]

    assert [name for name in files if not (folder / name).exists()] == []
    assert len(files) == len(set(files))


def test_all_of_them_have_their_turn_within_ten_minutes():
    turns = {one.name: one for one in ORDER}

    assert sum(one.seconds for one in ORDER if not one.beside) <= 600
    assert [one.name for one in ORDER if one.beside and one.beside not in turns] == []
    assert max(one.seconds for one in ORDER) <= 600


@pytest.mark.parametrize("name", [one.name for one in ORDER])
def test_the_page_names_each_benchmark_in_its_table(name):
    table = PAGE.partition("<!-- figures: begin -->")[2]

    assert f" `{name}` |" in table.partition("<!-- figures: end -->")[0]


def test_the_page_has_a_row_for_what_was_not_measured(monkeypatch):
    monkeypatch.setattr(
        document, "ORDER", (Turn("departure", 60), Turn("accept", 60), Turn("quiet", 1))
    )
    late = replace(SAFE, value=1234.5, peer=1063.0, peer_name="a | script", note="so")

    table = document.figures_table(
        {"departure": found("departure", SAFE, late), "quiet": found("quiet")}
    )

    assert table.splitlines()[2:] == [
        "| owner-safe without canary | <= 1.05 x floor | 1.02 | ours 21.2 s; floor"
        " 20.8 s | reached | `departure` |",
        "| owner-safe without canary | <= 1.05 x floor | 1,234 | ours 21.2 s; floor"
        " 20.8 s; a / script 1,063 s; so | **not reached** | `departure` |",
        "| not measured |  |  |  |  | `accept` |",
        "| see [what people use today](#what-people-use-today) |  |  |  |  | `quiet` |",
    ]


def test_only_what_stands_between_the_markers_is_written_anew():
    page = "Before.\n<!-- peers: begin -->\nold\n<!-- peers: end -->\nAfter.\n"

    assert document.between(page, "peers", "new") == (
        "Before.\n<!-- peers: begin -->\nnew\n<!-- peers: end -->\nAfter.\n"
    )


@pytest.mark.parametrize(
    "page",
    [
        "<!-- peers: begin -->",
        "<!-- peers: end -->",
        "<!-- peers: begin --><!-- peers: begin --><!-- peers: end -->",
    ],
)
def test_a_page_without_both_markers_is_left_alone(page):
    with pytest.raises(ValueError, match="markers of peers"):
        document.between(page, "peers", "new")


def test_the_page_shows_only_pictures_that_are_there(tmp_path):
    (tmp_path / "departure.svg").touch()

    text = document.filled(PAGE, {}, tmp_path)

    shown = [line for line in text.splitlines() if line.startswith("![")]
    assert len(shown) == 1
    assert shown[0].endswith("](images/departure.svg)")


def test_a_peer_stands_in_the_table_with_what_goes_wrong():
    told = {"who": "a chord", "most_calls_in_10_seconds": 48, "wrong": "no report"}
    wide = {**told, "who": "a wide one", "seconds": 13.0, "note": "whole"}

    table = document.peers_table(
        {"peers.chord": found("peers.chord", **told, seconds=76.74, wide=wide)}
    )

    assert table.splitlines()[2:] == [
        "| a chord | 76.7 s | 48 | no report |",
        "| a wide one | 13 s (whole) | 48 | no report |",
    ]


class Ran:
    """Stands in for a benchmark's process; writes down when it begins and ends."""

    def __init__(self, diary, turn, fault=""):
        self.turn, self.seconds = turn, 1.0
        self._diary, self._fault = diary, fault
        diary.append(f"{turn.name} begins")

    def wait(self):
        self._diary.append(f"{self.turn.name} awaited")
        return self._fault

    def end(self):
        pass


@pytest.fixture
def diary(monkeypatch):
    """What begins and ends, in order; every process fails whose name says so."""
    lines = []

    def start(turn):
        return Ran(lines, turn, "exit code 1" if turn.name == "broken" else "")

    monkeypatch.setattr(runner, "Run", start)
    monkeypatch.setattr(runner, "read", lambda name: found(name, SAFE))
    return lines


def test_what_sleeps_runs_beside_and_what_compares_waits_for_all(diary):
    ran = runner.play(
        (
            Turn("last", 5, is_last=True),
            Turn("sleeper", 90, beside="second"),
            Turn("first", 30),
            Turn("second", 30),
        )
    )

    assert diary == [
        "first begins",
        "first awaited",
        "sleeper begins",
        "second begins",
        "second awaited",
        "sleeper awaited",
        "last begins",
        "last awaited",
    ]
    assert list(ran) == ["last", "sleeper", "first", "second"]


def test_what_sleeps_begins_at_once_where_its_neighbour_has_no_turn(diary):
    runner.play((Turn("first", 30), Turn("sleeper", 90, beside="elsewhere")))

    assert diary == [
        "sleeper begins",
        "first begins",
        "first awaited",
        "sleeper awaited",
    ]


def test_one_that_breaks_off_is_told_and_the_others_have_their_turn(diary, capsys):
    ran = runner.play((Turn("broken", 30), Turn("first", 30)))

    assert ran == {"broken": False, "first": True}
    assert "broken did not run: exit code 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "value", "code"),
    [([], 1.2, 0), (["--strict"], 1.2, 3), (["--strict"], 1.0, 0)],
)
def test_a_missed_goal_fails_only_where_that_is_asked_for(
    words, value, code, monkeypatch, tmp_path, capsys
):
    one = found("departure", replace(SAFE, value=value))
    monkeypatch.setattr(runner, "RESULTS", tmp_path)
    monkeypatch.setattr(runner, "play", lambda turns: {"departure": True})
    monkeypatch.setattr(runner, "read", lambda name: one)

    assert runner.main(words) == code

    said = capsys.readouterr().out
    assert "| owner-safe without canary | <= 1.05 x floor |" in said
    assert (tmp_path / "table.md").read_text(encoding="utf-8") == said


def test_one_that_did_not_run_is_a_failure(monkeypatch, tmp_path):
    monkeypatch.setattr(runner, "RESULTS", tmp_path)
    monkeypatch.setattr(runner, "play", lambda turns: {"departure": False})

    assert runner.main([]) == 1


def test_a_name_that_is_none_runs_nothing(capsys):
    with pytest.raises(SystemExit) as ended:
        runner.main(["nonsense"])

    assert ended.value.code == 2
    assert "no such benchmark: nonsense" in capsys.readouterr().err


def test_some_are_run_in_the_order_of_all():
    two = [ORDER[1].name, ORDER[0].name]

    assert [one.name for one in named(two)] == [ORDER[0].name, ORDER[1].name]
    assert named([]) == ORDER


def test_a_benchmark_that_breaks_off_says_its_last_words(monkeypatch, tmp_path):
    monkeypatch.setattr(running, "RESULTS", tmp_path)
    (tmp_path / "order.json").write_text("of an earlier run", encoding="utf-8")

    # A module of the folder that measures nothing.
    fault = running.Run(Turn("order", 60)).wait()

    assert fault.startswith("exit code 1\n")
    assert "has no attribute 'measured'" in fault
    assert not (tmp_path / "order.json").exists()


def test_a_benchmark_is_ended_when_its_time_is_over(monkeypatch, tmp_path):
    monkeypatch.setattr(running, "RESULTS", tmp_path)
    run = running.Run(Turn("order", 0))

    assert run.wait() == "its 0 s were over"
    assert run._process.poll() is not None


def calls_at(*times):
    return [Call(at, "GET", "/x", at, 200, {}) for at in times]


@pytest.mark.parametrize(
    ("times", "most"),
    [
        ([], 0),
        ([5.0], 1),
        # Ten seconds later is another window.
        ([0.0, 10.0], 1),
        ([0.0, 9.9], 2),
        ([0.0, 1.0, 9.0, 10.5, 10.6, 10.7], 5),
    ],
)
def test_calls_are_counted_in_any_ten_seconds(times, most):
    assert ground.most_in_a_window(calls_at(*times)) == most


def test_what_all_targets_take_is_computed_from_those_measured():
    told = sequential.computed(1.0, [10.0, 11.0])

    assert told["seconds"] == 1051.0
    assert (told["targets"], told["targets_measured"]) == (100, 2)


class OwnedBy:
    """A cloud of a few places; the one called broken answers nobody."""

    def __init__(self, **owners):
        self.owners = owners
        self.resets = []

    def owner(self, place):
        return self.owners[place.region]

    def reset(self, place):
        self.resets.append(place.region)
        if place.region == "broken":
            raise requests.ConnectionError
        self.owners[place.region] = "fid"


def test_the_script_leaves_others_alone_and_goes_on_where_one_fails(monkeypatch):
    monkeypatch.setattr(sequential, "WAIT_SECONDS", 0)
    cloud = OwnedBy(broken="dana", others="robin", mine="dana")
    places = [Place(region, "group", "cluster") for region in cloud.owners]

    done = list(sequential.take_over(cloud, places, "dana", "fid"))

    assert cloud.resets == ["broken", "mine"]
    assert [(one.place.region, one.is_safe, one.fault) for one in done] == [
        ("broken", False, "ConnectionError"),
        ("mine", True, ""),
    ]


@pytest.fixture
def of_one_run(monkeypatch):
    """Results as a run leaves them; another time of one may be given."""

    def have(**times):
        told = {"who": "somebody", "seconds": 1000.0}
        kept = {"departure": found("departure", replace(SAFE, ours=20.0))}
        for name in ("peers.sequential", "peers.naive", "peers.chord"):
            at = times.get(name.partition(".")[2], NOON)
            kept[name] = found(name, at=at, **told)
        monkeypatch.setattr(against, "read", kept.__getitem__)

    return have


def test_a_peer_is_held_against_ours_of_the_same_run(of_one_run):
    of_one_run()

    script = against.measured()[0][0]

    assert (script.value, script.limit, script.is_reached) == (50.0, 50.0, True)
    assert (script.ours, script.peer) == (20.0, 1000.0)


def test_results_of_several_runs_are_not_compared(of_one_run):
    of_one_run(naive=NOON - timedelta(hours=1))

    with pytest.raises(ValueError, match="several runs"):
        against.measured()


def timed(*calls):
    return found("departure", SAFE, timeline=calls, budget=190, window_seconds=10)


def test_a_picture_is_drawn_where_there_are_figures_and_twice_the_same(tmp_path):
    # Here, since it brings a plotter with it.
    from benchmarks.pictures import draw

    there = {"departure": timed([0.3, "owner"], [0.6, "reset"], [10.8, "owner"])}
    there["peers.chord"] = found("peers.chord", who="a chord", seconds=76.7)

    drawn = draw(there, tmp_path)
    first = [path.read_text(encoding="utf-8") for path in drawn]
    draw(there, tmp_path)

    assert [path.name for path in drawn] == ["owner-safe.svg", "departure.svg"]
    assert [path.read_text(encoding="utf-8") for path in drawn] == first
    assert ">a chord</text>" in first[0]
    assert ">76.7 s</text>" in first[0]
    assert {path.name.partition(".")[0] for path in drawn} < set(document.PICTURES)
