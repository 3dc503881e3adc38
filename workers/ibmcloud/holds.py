"""The tokens of every key of one account: one for each key, whoever works with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from config.accounts import AccountSettings
from workers.ibmcloud.pace import Pace
from workers.ibmcloud.pool import Pool, open_pool
from workers.ibmcloud.silence import Silence
from workers.ibmcloud.tokens import Tokens

READER: Final = "reader"


@dataclass(frozen=True, slots=True)
class Holds:
    """The functional IDs' and the reader's, where it has a key of its own.

    With them goes which calls of the account have no answer.
    """

    pool: Pool
    reader: Tokens | None
    silence: Silence

    def named(self) -> Iterator[tuple[str, Tokens]]:
        """Return the tokens of each key by its name in the accounts file."""
        for one in self.pool.members:
            yield one.name, one.tokens
        if self.reader is not None:
            yield READER, self.reader


def open_holds(account: AccountSettings, iam_url: str, pace: Pace) -> Holds:
    """Make the tokens of an account's keys. No I/O."""
    silence = Silence()
    reader = (
        Tokens(account.reader, iam_url, account.id, pace=pace, silence=silence)
        if account.reader
        else None
    )
    pool = open_pool(account, iam_url, beside=reader, pace=pace, silence=silence)
    return Holds(pool, reader, silence)
