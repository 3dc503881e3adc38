"""Write the table of docs/metrics.md: every metric, what it says, what is normal.

A test compares the page with the code.

    PYTHONPATH=. .venv/bin/python scripts/write_metrics.py
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from workers.offboarding.metrics import METRICS, Metric

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "metrics.md"
BEGIN: Final = "<!-- metrics: begin -->\n"
END: Final = "<!-- metrics: end -->\n"
_HEAD: Final = "| metric | labels | says | normal |\n| --- | --- | --- | --- |\n"


def page() -> str:
    """Return the page as it should be: what people wrote, and the table within it."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + _HEAD + "".join(_rows()) + END + after


def _rows() -> Iterator[str]:
    for one in METRICS:
        labels = ", ".join(f"`{each}`" for each in one.labels)
        cells = (f"`{one.name}` ({one.kind})", labels, _says(one), one.normal)
        yield f"| {' | '.join(cells)} |\n"


def _says(one: Metric) -> str:
    if not one.buckets:
        return one.help
    bounds = ", ".join(f"{each:g}" for each in one.buckets)
    return f"{one.help} Buckets: {bounds} s."


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
