"""One file a sender: a signed payload in, events out. None of them opens a case.

A new sender is a file here and a line in ``SOURCES``. SCIM, whose clients speak a whole
protocol, has a room of its own (``service/scim``).
"""

from typing import Final

from service.sources.bearer import Bearer
from service.sources.cloudevents import Cloudevents
from service.sources.entra_workflow import EntraWorkflow
from service.sources.hub import Hub
from service.sources.ibm_activity import IbmActivity
from service.sources.ibm_verify import IbmVerify
from service.sources.okta import Okta
from service.sources.source import Source
from service.sources.ssf import Ssf
from service.sources.standard import Standard

_ALL: Final[tuple[Source, ...]] = (
    Standard(),
    Bearer(),
    Okta(),
    IbmActivity(),
    Ssf(),
    Hub(),
    Cloudevents(),
    EntraWorkflow(),
    IbmVerify(),
)

SOURCES: Final[dict[str, Source]] = {source.name: source for source in _ALL}
