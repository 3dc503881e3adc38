"""Write docs/settings.md: every setting, its default, what it means, who reads it.

A test compares the page with the code.

    PYTHONPATH=. .venv/bin/python scripts/write_settings.py
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from config.settings import every_setting
from config.sources import SOURCE_NAMES
from config.variables import Named, variable_of

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "settings.md"
HEAD: Final = """\
# Settings

Every setting is an environment variable.
One marked *or file* may come as a file instead: set its name with `_FILE` behind it \
to the file's path, and not both.
All faults are reported at start, together, by name and without values; an unknown \
`OFFBOARD_…` is one of them.
[`.env.example`](../.env.example) has the same to copy.
The page is made from the code by `scripts/write_settings.py`.
"""
TABLE: Final = "\n| setting | default | means |\n| --- | --- | --- |\n"
_ASSIGNED: Final = re.compile(r"^#?OFFBOARD_([A-Z0-9_]+)=(.*)$", re.MULTILINE)


def page() -> str:
    """Return the page as it should be."""
    settings = every_setting()
    service = [one for one in settings if _source_of(one) is None]
    text = HEAD + "\n## The service\n" + TABLE + "".join(_rows(service))
    text += (
        "\n## The sources\n\nA source is on once it has a secret; each has its page.\n"
    )
    for source in SOURCE_NAMES:
        mine = [one for one in settings if _source_of(one) == source]
        text += f"\n### [`{source}`](sources/{source}.md)\n{TABLE}"
        text += "".join(_rows(mine))
    return text


def _source_of(setting: Named) -> str | None:
    """Return whose setting it is; the longest name that fits, None for the service."""
    fitting = [one for one in SOURCE_NAMES if setting.name.startswith(f"source_{one}_")]
    return max(fitting, key=len, default=None)


def _rows(settings: list[Named]) -> Iterator[str]:
    defaults = dict(_ASSIGNED.findall((ROOT / ".env.example").read_text("utf-8")))
    for one in settings:
        name = variable_of(one)
        default = defaults.get(one.name.upper(), "")
        shown = f"`{default}`" if default else "none"
        yield f"| `{name}`{_how(one)} | {shown} | {_meaning(one)} |\n"


def _how(setting: Named) -> str:
    return " *or file*" if setting.metadata["secret"] else ""


def _meaning(setting: Named) -> str:
    text: str = setting.metadata["meaning"]
    if setting.metadata["rotates"]:
        text += ". Its file is read again when it changes"
    if setting.metadata["only"]:
        text += f". Only a {setting.metadata['only']} reads it"
    return text.replace("|", "\\|").replace("<", "\\<")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
