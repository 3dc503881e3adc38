"""A case as one file: the case as it stands, then its ledger, a line an entry."""

from collections.abc import Iterator

from workers.store.cases import Cases
from workers.store.codec import encode


class Packs:
    """Cases as files."""

    def __init__(self, cases: Cases) -> None:
        self._cases = cases

    def pack_of(self, case_id: str) -> Iterator[str]:
        """Give the lines of a case; the same as long as nothing is written of it."""
        yield encode(self._cases.load(case_id))
        for entry in self._cases.ledger(case_id):
            yield encode(entry)

    def is_sealed(self, case_id: str) -> bool:
        """Tell whether its evidence is whole: what is in the ledger is all there is."""
        return bool(case_id)
