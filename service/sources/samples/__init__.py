"""What each source may be played to tell, by the source's name.

A sample that lacks something to be made raises ValueError with a sentence for people.
"""

from typing import Final

from service.sources.samples import (
    bearer,
    cloudevents,
    entra_workflow,
    hub,
    ibm_activity,
    ibm_verify,
    okta,
    ssf,
    standard,
)
from service.sources.samples.sample import Sample

SAMPLES_OF: Final[dict[str, tuple[Sample, ...]]] = {
    "standard": standard.SAMPLES,
    "bearer": bearer.SAMPLES,
    "okta": okta.SAMPLES,
    "ibm_activity": ibm_activity.SAMPLES,
    "ssf": ssf.SAMPLES,
    "hub": hub.SAMPLES,
    "cloudevents": cloudevents.SAMPLES,
    "entra_workflow": entra_workflow.SAMPLES,
    "ibm_verify": ibm_verify.SAMPLES,
}
