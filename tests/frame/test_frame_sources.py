"""The pages of docs/sources: one a source, alike, and true to the code."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from config.settings import Settings, SettingsError
from config.sources import SOURCE_NAMES, Sources
from service.sources.samples import SAMPLES_OF, TELL_BY_ID

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "sources"
HEADINGS = [
    "What it is",
    "On the sender's side",
    "Here",
    "See that it works",
    "What acts, what is ignored, what cancels",
    "Limits",
    "Pair it with",
    "Not confirmed",
]
PLAYED = re.compile(r"offboard source send (\w+) ([\w-]+) --user \S+(.*)")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def page(name):
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def without_code(text):
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def anchors(file):
    text = without_code(file.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_there_is_a_page_for_each_source_and_for_nothing_else():
    found = {file.stem for file in PAGES.glob("*.md")}

    assert found == {*SOURCE_NAMES, "README"}


@pytest.mark.parametrize("name", SOURCE_NAMES)
def test_every_page_has_the_same_headings_in_the_same_order(name):
    found = re.findall(r"^## (.+)$", without_code(page(name)), flags=re.MULTILINE)

    assert found == HEADINGS
    assert page(name).startswith(f"# `{name}`: ")


@pytest.mark.parametrize("name", SOURCE_NAMES)
def test_every_page_names_all_settings_of_its_source_and_no_other(name):
    here = page(name).partition("\n## Here\n")[2].partition("\n## ")[0]
    mine = {
        f"OFFBOARD_SOURCE_{name.upper()}_{each.name.upper()}"
        for each in fields(getattr(Sources(), name))
    }

    assert set(re.findall(r"OFFBOARD_SOURCE_[A-Z_]+", here)) == mine


def needed(name, word):
    """The settings that a page calls needed by *word*, save the secret."""
    rows = re.findall(
        rf"^\| `(OFFBOARD_[A-Z_]+)` \| {word} \|", page(name), flags=re.MULTILINE
    )
    return [row for row in rows if not row.endswith("_SECRET") or word != "yes"]


def demanded(name, process):
    """The settings that are told as missing where a source has its secret alone."""
    secret = "whsec_" + "QUJD" * 11 if name == "standard" else "only-the-secret-1"
    environ = {
        f"OFFBOARD_SOURCE_{name.upper()}_SECRET": secret,
        "OFFBOARD_ACCOUNT_ID": "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7",
        "OFFBOARD_READER_APIKEY": "a-key-that-reads",
    }
    faults = []
    try:
        Settings.from_env(environ, process=process)
    except SettingsError as error:
        faults = error.faults
    assert "only-the-secret-1" not in " ".join(faults)
    return [fault.partition(":")[0] for fault in faults]


@pytest.mark.parametrize("name", SOURCE_NAMES)
def test_what_a_page_calls_needed_is_what_is_demanded_at_start_all_at_once(name):
    in_web = needed(name, "yes")
    in_workers = in_web + needed(name, "workers")

    assert f"| `OFFBOARD_SOURCE_{name.upper()}_SECRET` | yes |" in page(name)
    assert sorted(demanded(name, "web")) == sorted(in_web)
    assert sorted(demanded(name, "worker")) == sorted(in_workers)


@pytest.mark.parametrize("name", SOURCE_NAMES)
def test_every_page_names_all_kinds_that_can_be_played(name):
    (line,) = re.findall(r"^Kinds to play: (.+)\.$", page(name), flags=re.MULTILINE)

    assert line.split(", ") == [f"`{one.kind}`" for one in SAMPLES_OF[name]]


@pytest.mark.parametrize("name", [*SOURCE_NAMES, "README"])
def test_every_play_on_a_page_is_one_there_is(name):
    plays = PLAYED.findall(page(name))

    assert plays
    for source, kind, rest in plays:
        assert kind in [one.kind for one in SAMPLES_OF[source]]
        assert "--id" not in rest or source in TELL_BY_ID


@pytest.mark.parametrize("name", SOURCE_NAMES)
def test_every_page_says_that_a_play_is_real_on_an_armed_service(name):
    text = page(name).partition("\n## See that it works\n")[2].strip()

    assert text.startswith("On an armed service a play is real:")


@pytest.mark.parametrize(
    "file",
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")],
    ids=lambda file: str(file.relative_to(ROOT)),
)
def test_every_link_to_a_file_here_leads_somewhere(file):
    for link in LINK.findall(without_code(file.read_text(encoding="utf-8"))):
        target, _, anchor = link.partition("#")
        if ":" in target:
            continue
        there = (file.parent / target).resolve() if target else file
        assert there.exists(), link
        assert not anchor or anchor in anchors(there), link


def test_the_overview_has_a_line_for_each_source_in_order():
    section = page("README").partition("\n## All of them\n")[2].partition("\n## ")[0]

    assert re.findall(r"^\| \[`(\w+)`\]", section, flags=re.MULTILINE) == list(
        SOURCE_NAMES
    )
