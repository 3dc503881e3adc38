"""What each source may be played to tell, by the source's name.

A sample that lacks something to be made raises ValueError with a sentence for people.
"""

from typing import Final

from service.sources.samples import (
    bamboohr,
    bearer,
    cloudevents,
    entra_graph,
    entra_workflow,
    gusto,
    hibob,
    hub,
    ibm_activity,
    ibm_verify,
    okta,
    personio,
    scim,
    ssf,
    standard,
)
from service.sources.samples.sample import Sample

SAMPLES_OF: Final[dict[str, tuple[Sample, ...]]] = {
    "standard": standard.SAMPLES,
    "bearer": bearer.SAMPLES,
    "okta": okta.SAMPLES,
    "scim": scim.SAMPLES,
    "entra_graph": entra_graph.SAMPLES,
    "ibm_activity": ibm_activity.SAMPLES,
    "ssf": ssf.SAMPLES,
    "hub": hub.SAMPLES,
    "cloudevents": cloudevents.SAMPLES,
    "entra_workflow": entra_workflow.SAMPLES,
    "ibm_verify": ibm_verify.SAMPLES,
    "bamboohr": bamboohr.SAMPLES,
    "hibob": hibob.SAMPLES,
    "personio": personio.SAMPLES,
    "gusto": gusto.SAMPLES,
}

TELL_BY_ID: Final = frozenset(
    ("okta", "entra_graph", "ibm_verify", "bamboohr", "hibob", "personio", "gusto")
)
"""Sources that tell by an id of their own, so that ``Asked.sender_id`` is looked at."""
