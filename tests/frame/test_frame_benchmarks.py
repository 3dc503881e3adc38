"""What benchmarks found, and the page that shows it."""

from dataclasses import replace

import pytest
from bench_scenes import SAFE, found

from benchmarks import document, figures
from benchmarks.order import ORDER, Turn

PAGE = document.PAGE.read_text(encoding="utf-8")


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
