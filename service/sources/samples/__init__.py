"""What each source may be played to tell, by the source's name."""

from typing import Final

from service.sources.samples import ibm_activity, ibm_verify, okta, ssf
from service.sources.samples.sample import Sample

SAMPLES_OF: Final[dict[str, tuple[Sample, ...]]] = {
    "okta": okta.SAMPLES,
    "ibm_activity": ibm_activity.SAMPLES,
    "ssf": ssf.SAMPLES,
    "ibm_verify": ibm_verify.SAMPLES,
}
