"""A table at every width: columns left out, words folded, rows as lists; never cut."""

import io

import pytest
from rich.console import Console

from service.commands.table import Column, laid_out

CASES = (
    Column("Case"),
    Column("Result"),
    Column("Leaver"),
    Column("Mode", spare=2),
    Column("Received", spare=1),
)
ROWS = [
    ["01KHJ2V0W8Q3RZ5T7X9YABCDEF", "safe", "dana.lee@example.com", "armed", "10:02Z"],
    ["01KHJ2V0W8Q3RZ5T7X9YABCDE0", "attention", "kai@example.com", "armed", "9:01Z"],
]


def printed(columns, rows, width):
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, color_system=None)
    for part in laid_out(columns, rows, width):
        console.print(part)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert max(map(len, lines)) <= width
    return lines


def test_where_there_is_room_every_column_stands():
    head, _, first, _ = printed(CASES, ROWS, 100)

    assert head.split() == ["Case", "Result", "Leaver", "Mode", "Received"]
    assert first.split() == ROWS[0]


def test_the_most_spare_columns_go_first_and_are_named():
    lines = printed(CASES, ROWS, 76)

    assert lines[0].split() == ["Case", "Result", "Leaver", "Mode"]
    assert lines[-1] == "Left out, for want of width: Received."


def test_no_more_is_left_out_than_has_to_be():
    lines = printed(CASES, ROWS, 68)

    assert lines[0].split() == ["Case", "Result", "Leaver"]
    assert lines[-1] == "Left out, for want of width: Mode, Received."


@pytest.mark.parametrize("width", range(27, 100))
def test_no_id_and_no_address_is_ever_broken(width):
    words = {word for line in printed(CASES, ROWS, width) for word in line.split()}

    assert {ROWS[0][0], ROWS[1][0], ROWS[0][2], ROWS[1][2]} <= words


def test_too_narrow_for_a_table_the_rows_are_lists():
    assert printed(CASES, ROWS[:1], 40) == [
        "01KHJ2V0W8Q3RZ5T7X9YABCDEF",
        "  Result: safe",
        "  Leaver: dana.lee@example.com",
        "  Mode: armed",
        "  Received: 10:02Z",
    ]


def test_sentences_are_folded_between_words():
    columns = (Column("Name"), Column("Text"))
    rows = [["key", "one two three four five six seven"]]

    _, _, first, second = printed(columns, rows, 30)

    assert (first, second) == ("key    one two three four five", "       six seven")


def test_without_a_limit_nothing_is_folded():
    rows = [["x" * 300, "y " * 300]]

    assert len(printed((Column("A"), Column("B", spare=1)), rows, 10_000)) == 3


def test_a_table_without_rows_is_its_head():
    assert printed(CASES, [], 100)[0].split()[0] == "Case"


def test_a_column_with_nothing_in_it_goes_first_and_is_not_named():
    columns = (Column("Id"), Column("Owner after"), Column("Mode", spare=1))
    rows = [["01KHJ2V0W8Q3", "", "armed"]]

    assert printed(columns, rows, 24)[0].split() == ["Id", "Mode"]
    assert len(printed(columns, rows, 24)) == 3
