"""What each source may be played to tell, by the source's name.

A sample that lacks something to be made raises ValueError with a sentence for people.
"""

from typing import Final

from service.sources.samples import (
    entra_graph,
)
from service.sources.samples.sample import Sample

SAMPLES_OF: Final[dict[str, tuple[Sample, ...]]] = {
    "entra_graph": entra_graph.SAMPLES,
}
