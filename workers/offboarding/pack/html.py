"""The frame of a page in a pack: one file, no script, nothing from elsewhere. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

from workers.offboarding.pack.plain import shown

_STYLE: Final = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #16202a; background: #fff;
  max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; break-after: avoid; }
p, li { max-width: 46rem; }
.state { display: inline-block; padding: .15rem .6rem; border-radius: .3rem;
  font-weight: 600; border: 1px solid; }
.good { color: #0b5d2c; background: #e7f5ec; }
.bad { color: #8f1414; background: #fdecec; }
.calm { color: #37424d; background: #eef1f4; }
dl { display: grid; grid-template-columns: 11rem 1fr; gap: .2rem 1rem; margin: 1rem 0; }
dt { color: #4a5763; } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0;
  border-bottom: 1px solid #ccd3da; overflow-wrap: break-word; }
thead th { color: #4a5763; font-weight: 600; }
td.n, td.when { white-space: nowrap; font-variant-numeric: tabular-nums; }
tr, li { break-inside: avoid; } thead { display: table-header-group; }
small, .small { color: #4a5763; font-size: .85rem; }
.id, .name { font-family: ui-monospace, monospace; font-size: .85rem; }
.id { overflow-wrap: anywhere; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; } .wide { overflow-x: auto; }
  td.when { white-space: normal; } }
@media print { @page { size: A4; margin: 16mm 14mm; }
  body { font-size: 10pt; margin: 0; padding: 0; max-width: none; }
  h1 { font-size: 16pt; } td.when { white-space: normal; }
  small, .small, .id, .name { font-size: 8pt; }
  .state { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
# For whoever opens the file from a disk: nothing in it may run or be fetched.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def document(title: str, parts: Iterable[str]) -> str:
    """Return a whole page; *parts* are HTML, *title* is text."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{shown(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        "<main>\n" + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"
    )


def section(title: str, *parts: str) -> str:
    """Return a part of a page under its heading; *parts* are HTML."""
    inner = "\n".join(parts)
    return f"<section>\n<h2>{shown(title)}</h2>\n{inner}\n</section>"


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """Return names and what they are; what is empty is left out, the rest is HTML."""
    rows = [f"<dt>{shown(name)}</dt><dd>{said}</dd>" for name, said in pairs if said]
    return "<dl>\n" + "\n".join(rows) + "\n</dl>"


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, when: int = -1
) -> str:
    """Return a table; its cells are HTML. *when* is the column that holds moments."""
    head = "".join(f'<th scope="col">{shown(one)}</th>' for one in columns)
    body = "\n".join(
        "<tr>"
        + "".join(
            f'<td class="when">{cell}</td>' if place == when else f"<td>{cell}</td>"
            for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n'
        f"{body}\n</tbody>\n</table></div>"
    )


def paragraph(text: str) -> str:
    """Return a paragraph of text."""
    return f"<p>{shown(text)}</p>"


def code(text: str) -> str:
    """Return an id, a hash, a word to copy; nothing for nothing."""
    return f'<span class="id">{shown(text)}</span>' if text else ""


def name(text: str) -> str:
    """Return a short id that is read as a whole; nothing for nothing."""
    return f'<span class="name">{shown(text)}</span>' if text else ""


def badge(text: str, tone: str) -> str:
    """Return how something stands, in one word and its colour."""
    return f'<span class="state {tone}">{shown(text)}</span>'
