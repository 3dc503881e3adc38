"""One file a sender: a signed payload in, events out. None of them opens a case.

A new sender is a file here and a line in ``SOURCES``. SCIM, whose clients speak a whole
protocol, has a room of its own (``service/scim``).
"""

from typing import Final

from service.sources.entra_graph import EntraGraph
from service.sources.source import Source
from service.sources.standard import Standard

_ALL: Final[tuple[Source, ...]] = (Standard(), EntraGraph())

SOURCES: Final[dict[str, Source]] = {source.name: source for source in _ALL}
