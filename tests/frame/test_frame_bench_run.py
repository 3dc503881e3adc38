"""`python -m benchmarks`: whose turn it is, and what becomes of it."""

from dataclasses import replace

import pytest
from bench_scenes import SAFE, found

from benchmarks import __main__ as runner
from benchmarks import document, running
from benchmarks.order import ORDER, Turn, named


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
    monkeypatch.setattr(runner, "AHEAD_SECONDS", 0.0)
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
        "second begins",
        "sleeper begins",
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
