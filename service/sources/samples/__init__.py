"""What each source may be played to tell, by the source's name."""

from typing import Final

from service.sources.samples import bamboohr, gusto, hibob, personio
from service.sources.samples.sample import Sample

SAMPLES_OF: Final[dict[str, tuple[Sample, ...]]] = {
    "bamboohr": bamboohr.SAMPLES,
    "hibob": hibob.SAMPLES,
    "personio": personio.SAMPLES,
    "gusto": gusto.SAMPLES,
}
