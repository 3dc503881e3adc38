"""What stored records gained since the format before, and that each is declared."""

import json
from pathlib import Path

from tests.stored_shape import shape, without_default
from workers.store.formats import FORMAT, NEW, OLDEST

BEFORE = Path(__file__).parents[2] / "fixtures" / "stored" / "format-1.shape.json"


def gained(before, now):
    return {
        f"{name}.{each}"
        for name, these in now.items()
        for each in these
        if each not in before.get(name, [])
    }


def test_one_version_back_is_read():
    assert (OLDEST, FORMAT) == (1, 2)


def test_whatever_the_format_before_does_not_know_is_declared():
    before = json.loads(BEFORE.read_text("utf-8"))

    assert gained(before, shape()) == set(NEW)


def test_a_new_field_of_a_record_that_was_there_before_has_a_default():
    before = json.loads(BEFORE.read_text("utf-8"))
    new = {one for one in gained(before, shape()) if one.partition(".")[0] in before}

    assert new & without_default() == set()


def test_nothing_that_the_format_before_wrote_is_unknown_by_now():
    before = json.loads(BEFORE.read_text("utf-8"))

    assert gained(shape(), before) == set()


def test_a_new_field_and_a_new_word_are_noticed():
    before = {"Entry": ["at"], "Step": ["plan"]}

    assert gained(before, {"Entry": ["at", "why"], "Step": ["plan", "x"]}) == {
        "Entry.why",
        "Step.x",
    }
