"""docs/mail.md: each word of a mail server, with the sentence that people are told."""

from pathlib import Path

import pytest

from workers.offboarding.channel_mending import MAIL

TEXT = (Path(__file__).parents[2] / "docs" / "mail.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("word", "sentence"), MAIL.items())
def test_each_word_stands_beside_its_sentence(word, sentence):
    [row] = [one for one in TEXT.splitlines() if one.endswith(f"| {sentence} |")]

    assert f"`{word}`" in row
