"""What to hold the rules against: the cases of an installation, and what was sent."""

from datetime import UTC, datetime

from simulator import Call, Simulator
from simulator.regions import canonical
from workers.embedded import Embedded
from workers.offboarding.rules import Record, SentReset
from workers.store.cases import Cases
from workers.store.connection import connect

# More cases than any test of processes opens.
_ALL = 100_000


def records_of(service) -> list[Record]:
    """Read every case and its ledger out of the store of a running installation."""
    place = Embedded.at(service.environ["OFFBOARD_STORE_URL"])
    cases = Cases(connect(place.store_url))
    return [
        Record(one, tuple(cases.ledger(one.id)))
        for one in cases.load_all(cases.ids(limit=_ALL))
    ]


def sent_resets(simulator: Simulator) -> list[SentReset]:
    """Read every reset that arrived, under way and cut off ones too.

    A call counts from the moment it took effect, though its answer be held back.
    """
    return [_sent(one) for one in simulator.journal.resets()]


def _sent(call: Call) -> SentReset:
    region = canonical(call.headers.get("X-Region", ""))
    group_id = call.headers.get("X-Auth-Resource-Group", "")
    return SentReset(
        at=datetime.fromtimestamp(call.at, UTC),
        target_id=f"{call.account_id or ''}/{region}/{group_id}",
        caller=call.caller,
        took_effect=call.took_effect,
        request_id=call.request_id,
    )
