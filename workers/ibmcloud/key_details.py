"""What IAM says of an API key by its value: its id, its name, when it was made.

None of it leads back to the key itself.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from marshmallow import fields

from config.settings import Secret
from workers.ibmcloud.asker import Asker
from workers.ibmcloud.claims import text_of
from workers.ibmcloud.client import checked, reading
from workers.ibmcloud.lenient import Lenient
from workers.ibmcloud.listed_keys import time_of

_DOING: Final = "Reading which API key is in use"


class _Details(Lenient):
    id = fields.String(required=True)
    name = fields.Raw(load_default=None, allow_none=True)
    created_at = fields.Raw(load_default=None, allow_none=True)


@dataclass(frozen=True, slots=True)
class KeyDetails:
    """An API key; ``created_at`` is None where IAM's answer does not say it."""

    id: str
    name: str
    created_at: datetime | None


def details_of(own: Asker, key: Secret) -> KeyDetails:
    """Read what IAM has of *key*, asked by the identity whose key it is.

    Raises:
        TransientError: IAM cannot be reached, or its answer makes no sense.
        PermanentError: It does not let us, or knows no such key.

    Source: IAM Identity API, GET /v1/apikeys/details with the key in a header. That an
    identity may ask so for its own keys is documented, and not confirmed against a live
    account.
    """
    with reading(own.tokens, _DOING):
        answer = own.identity.get_api_keys_details(
            iam_api_key=key.reveal()
        ).get_result()
    found = checked(_Details(), answer, _DOING)
    created_at = time_of(text_of(found["created_at"]))
    return KeyDetails(found["id"], text_of(found["name"]) or "", created_at)
