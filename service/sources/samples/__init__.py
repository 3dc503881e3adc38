"""What each source may be played to tell, by the source's name."""

from typing import Final

from service.sources.samples import scim
from service.sources.samples.sample import Sample

SAMPLES_OF: Final[dict[str, tuple[Sample, ...]]] = {
    "scim": scim.SAMPLES,
}
