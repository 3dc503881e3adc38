"""What people and workers tell each other beside cases: pause, protected, swept."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import redis

from workers.offboarding.evidence import SERVICE
from workers.offboarding.model import Entry, KeyOwner
from workers.store.codec import encode
from workers.store.connection import PREFIX, Scripts, faults
from workers.store.restored import Restorations, Watermark

EVERYWHERE: Final = "*"
_ALL: Final = "all accounts"
# A call whose answer was lost is repeated at once; this is far longer.
_REPEAT_SECONDS: Final = 3_600
_OURS_FOR: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Paused:
    """What is paused: everything, and the accounts that are paused by themselves."""

    everywhere: bool
    accounts: tuple[str, ...]


class Switches:
    """The switches; implements the port of the same name, and what the desk needs."""

    def __init__(
        self,
        client: "redis.Redis",
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        watermark: Watermark | None = None,
    ) -> None:
        self._client = client
        self._scripts = Scripts(client)
        self._clock = clock
        self._watermark = watermark or Watermark()
        self.restorations = Restorations(client)

    def is_paused(self, account_id: str) -> bool:
        """Tell whether resets are paused, for all or for this account."""
        return self._why_paused(account_id) != ""

    def is_restored(self) -> bool:
        """Tell whether all waits since the store is, or may be, an old copy."""
        return self._why_paused(EVERYWHERE) == "restored"

    def _why_paused(self, account_id: str) -> str:
        said: str = self._scripts.call(
            "paused", account=account_id, **self._watermark.asked
        )
        return said

    def start_paused(self) -> bool:
        """Pause everything, unless somebody has decided it before.

        Returns:
            Whether everything is paused now; False where a person had it resumed.
        """
        entry = Entry(self._clock(), "resets.paused", actor="settings", detail=_ALL)
        self._write("pause", entry, account=EVERYWHERE, value="1", unless_set=True)
        return self.paused().everywhere

    def pause(
        self,
        *,
        account_id: str = EVERYWHERE,
        paused: bool = True,
        actor: str | None = None,
        request_id: str | None = None,
    ) -> None:
        """Pause or resume, for all or for one account; the service's ledger has who.

        Who resumes all confirms an old copy, too: what waited in its outbox is sent.
        """
        entry = Entry(
            self._clock(),
            "resets.paused" if paused else "resets.resumed",
            actor=actor,
            request_id=request_id,
            detail=_ALL if account_id == EVERYWHERE else f"account {account_id}",
        )
        if account_id == EVERYWHERE and not paused:
            self._write("resume", entry)
            return
        value = "1" if paused else "0"
        self._write("pause", entry, account=account_id, value=value)

    def note_armed(self, account_ids: Iterable[str]) -> None:
        """Write down which accounts may be written to, where that changed."""
        accounts = ", ".join(sorted(account_ids))
        entry = Entry(
            self._clock(),
            "service.armed" if accounts else "service.disarmed",
            actor="settings",
            detail=f"armed: {accounts}" if accounts else "no account is armed",
        )
        self._scripts.call(
            "armed", accounts=accounts, service=SERVICE, entry=encode(entry)
        )

    def _write(self, script: str, entry: Entry, **asked: object) -> None:
        self._scripts.call(
            script,
            op=uuid.uuid4().hex,
            op_ttl=_REPEAT_SECONDS,
            service=SERVICE,
            entry=encode(entry),
            **asked,
        )

    def paused(self) -> Paused:
        """Tell what is paused now."""
        with faults():
            found = self._client.hgetall(f"{PREFIX}paused")
        names = sorted(str(name) for name, value in found.items() if value == "1")
        accounts = tuple(name for name in names if name != EVERYWHERE)
        return Paused(EVERYWHERE in names, accounts)

    def protect(self, identities: Sequence[KeyOwner]) -> None:
        """Publish our own identities, so that the front door can turn them away."""
        refs = [f"iam:{one.id}" for one in identities]
        # Lower-cased, as a leaver's e-mail is; IBM Cloud gives it as it was typed.
        refs += [f"email:{one.email.lower()}" for one in identities if one.email]
        if refs:
            now = self._clock().timestamp()
            with faults():
                self._client.zadd(f"{PREFIX}protected", dict.fromkeys(refs, now))

    def is_protected(self, refs: Sequence[str]) -> bool:
        """Tell whether one of these names is one of our own identities'.

        An identity that no plan and no worker has published for a week is ours no
        more: who once read for us must be able to leave.
        """
        if not refs:
            return False
        oldest = (self._clock() - _OURS_FOR).timestamp()
        with faults():
            times = self._client.zmscore(f"{PREFIX}protected", list(refs))
        return any(at is not None and at > oldest for at in times)

    def swept_at(self) -> datetime | None:
        """Tell when a worker last swept; None if none ever did."""
        with faults():
            millis = self._client.get(f"{PREFIX}swept")
        return datetime.fromtimestamp(int(millis) / 1000, UTC) if millis else None

    def ping(self) -> None:
        """Ask the server whether it answers; StoreAwayError."""
        with faults():
            self._client.ping()
