"""A case read with the targets alone that one step is about.

A case may have a thousand targets, and a step for each: what every one of them reads
must not grow with the others.
"""

from dataclasses import dataclass

from workers.offboarding.model import Case


@dataclass(frozen=True, slots=True)
class PartOfCase(Case):
    """A case without most of its targets: to be read, and never to be written.

    What is decided about the whole of it needs the whole of it (``tools.whole``).
    """
