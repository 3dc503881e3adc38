"""Write docs/reasons.md: every reason, what it means, who mends it, with what.

A test compares the page with the code.

    PYTHONPATH=. .venv/bin/python scripts/write_reasons.py
"""

from pathlib import Path
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.heard import Unreadable
from workers.offboarding.reasons import REASONS
from workers.offboarding.unreadable import UNREADABLE

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "reasons.md"
HEAD: Final = "\n".join(
    (
        "# Reasons",
        "",
        "Every reason that a case, the gate, exposure or the log can give: "
        "what it means, who can mend it, and the command that does or shows it.",
        "Words in capitals stand for what you put there.",
        "The page is made from the code by `scripts/write_reasons.py`.",
        "How IBM Cloud's own codes lead to these reasons is in "
        "`workers/ibmcloud/errors.py`; that each comes back as foreseen is not "
        "confirmed against a live account.",
        "",
        "| reason | means | who mends it | command |",
        "| --- | --- | --- | --- |",
        "",
    )
)


QUARANTINE: Final = "\n".join(
    (
        "",
        "## Reasons for quarantine",
        "",
        "Why a delivery that its sender signed could not be acted on.",
        "It is kept encrypted for `OFFBOARD_QUARANTINE_DAYS`, told to the ops channel "
        "once for each source and reason, and listed by `offboard quarantine list`.",
        "",
        "| reason | means | who mends it | how | command |",
        "| --- | --- | --- | --- | --- |",
        "",
    )
)


def page() -> str:
    """Return the page as it should be."""
    rows = [
        f"| `{one}` | {REASONS[one].sentence} | {REASONS[one].who} | "
        f"{_code(REASONS[one].command)} |"
        for one in Reason
    ]
    return HEAD + "\n".join(rows) + "\n" + QUARANTINE + _kept() + "\n"


def _kept() -> str:
    rows = [(one, UNREADABLE[one]) for one in Unreadable]
    return "\n".join(
        f"| `{one}` | {mend.sentence} | {mend.who} | {mend.how} | "
        f"{_code(mend.command)} |"
        for one, mend in rows
    )


def _code(command: str | None) -> str:
    return f"`{command}`" if command else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
