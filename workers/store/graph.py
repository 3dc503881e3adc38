"""What Microsoft Graph said of its users, and how far the comparing of all of them is.

A hash of how each user was last seen, a set of who is to be looked up once more, the
place the delta query has come to, and whose turn it is. Names go to ``KnownNames``.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import redis

from workers.offboarding.seen_user import Chore, Place, SeenUser, UserStanding
from workers.store.codec import decode, encode
from workers.store.connection import PREFIX, Scripts, faults

_MINE: Final = f"{PREFIX}entra_graph:"


class GraphMemory:
    """Implements the port ``LastSeen``, and what comparing all users needs besides."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._scripts = Scripts(client)

    def seen(self, subject: str) -> SeenUser | None:
        """Return how a user was last seen; None: never."""
        return self.seen_of([subject]).get(subject)

    def seen_of(self, subjects: Sequence[str]) -> Mapping[str, SeenUser]:
        """Return how each of *subjects* was last seen; the others are left out."""
        if not subjects:
            return {}
        with faults():
            found = self._client.hmget(f"{_MINE}users", list(subjects))
        pairs = zip(subjects, found, strict=True)
        return {one: decode(str(text), SeenUser) for one, text in pairs if text}

    def put(
        self, subject: str, before: SeenUser | None, now: SeenUser, name: str | None
    ) -> bool:
        """Keep *now*, if what is kept is still *before*; False if it is not."""
        is_kept = self._scripts.call(
            "graph_put",
            subject=subject,
            before=None if before is None else encode(before),
            now=encode(now),
            called=name,
        )
        return bool(is_kept)

    def take_page(
        self,
        first: Mapping[str, SeenUser],
        names: Mapping[str, str],
        listed: Iterable[str] = (),
    ) -> None:
        """Keep a page's names, how those stand who were never seen, and who was listed.

        Whoever was seen before stays as they are: what changed is told first.
        """
        self._scripts.call(
            "graph_page",
            first={one: encode(state) for one, state in first.items()},
            names=dict(names),
            listed=list(listed),
        )

    def look_again(self, subject: str, after_seconds: float) -> None:
        """Have a user looked up once more, after so long."""
        self._scripts.call(
            "graph_again",
            mode="add",
            subject=subject,
            after_ms=int(after_seconds * 1000),
        )

    def due_again(self, limit: int) -> list[tuple[str, int]]:
        """Return who is to be looked up now, each with the mark to end that with.

        They stay due until then, so that nobody is lost with who looks them up.
        """
        flat = self._scripts.call("graph_again", mode="due", limit=limit)
        return [
            (str(one), int(float(at)))
            for one, at in zip(flat[::2], flat[1::2], strict=True)
        ]

    def looked_again(self, subject: str, at: int) -> None:
        """End what ``due_again`` gave, unless it was asked for anew meanwhile."""
        self._scripts.call("graph_again", mode="done", subject=subject, at=at)

    def place(self) -> Place | None:
        """Return where comparing goes on; None where it never began."""
        with faults():
            found = self._client.hmget(f"{_MINE}delta", ["link", "whole", "round"])
        link, whole, round_id = found
        if round_id is None:
            return None
        return Place(str(link), whole == "1", str(round_id))

    def go_on_at(self, link: str, *, is_whole: bool, is_new_round: bool) -> Place:
        """Keep where comparing goes on, and return it."""
        before = None if is_new_round else self.place()
        place = Place(link, is_whole, before.round if before else uuid.uuid4().hex)
        parts = ["link", link, "whole", "1" if is_whole else "0", "round", place.round]
        with faults():
            self._client.hset(f"{_MINE}delta", items=parts)
        return place

    def begin_anew(self) -> Place:
        """Have everybody listed again, from the beginning."""
        with faults():
            self._client.delete(f"{_MINE}listed")
        return self.go_on_at("", is_whole=True, is_new_round=True)

    def not_listed(self) -> list[str]:
        """Return who was seen before and is in no page of a whole list, save deleted.

        Call it when the last page is in.
        """
        with faults():
            known = self._client.hgetall(f"{_MINE}users")
            listed = self._client.smembers(f"{_MINE}listed")
        return [
            str(one)
            for one, text in known.items()
            if one not in listed
            and decode(str(text), SeenUser).standing is not UserStanding.DELETED
        ]

    def forget_deleted(self, subjects: Sequence[str]) -> None:
        """Forget how *subjects* were seen, of those who were deleted."""
        seen = self.seen_of(subjects)
        gone = {
            one: encode(state)
            for one, state in seen.items()
            if state.standing is UserStanding.DELETED
        }
        if gone:
            # Only as it was read: a user may be restored meanwhile.
            self._scripts.call("forget", hash="entra_graph:users", entries=gone)

    def note_compared(self, at: datetime) -> None:
        """Write down that all users were compared, and forget who was listed."""
        with faults():
            self._client.delete(f"{_MINE}listed")
            self._client.hset(f"{_MINE}delta", "compared_at", at.isoformat())

    def compared_at(self) -> datetime | None:
        """Tell when all users were last compared; None: never."""
        with faults():
            found = self._client.hget(f"{_MINE}delta", "compared_at")
        return None if found is None else datetime.fromisoformat(str(found))

    def claim(self, seconds: float) -> str | None:
        """Take the turn; None while another worker has it."""
        token = uuid.uuid4().hex
        return token if self._turn("claim", token, seconds) else None

    def renew(self, token: str, seconds: float) -> bool:
        """Prolong the turn; False when it is another's."""
        return self._turn("renew", token, seconds)

    def end(self, token: str) -> None:
        """Give the turn back."""
        self._turn("end", token, 0)

    def rest(self, chore: Chore, seconds: float) -> None:
        """Have *chore* wait for so long."""
        with faults():
            self._client.set(_rest(chore), "1", px=max(1, int(seconds * 1000)))

    def is_due(self, chore: Chore) -> bool:
        """Tell whether *chore* waits no more."""
        with faults():
            return not self._client.exists(_rest(chore))

    def bring_forward(self) -> None:
        """Have everything compared as soon as may be: events may have been lost."""
        with faults():
            self._client.delete(_rest(Chore.COMPARE), _rest(Chore.SUBSCRIBE))

    def _turn(self, mode: str, token: str, seconds: float) -> bool:
        asked = {"mode": mode, "token": token, "ttl_ms": int(seconds * 1000)}
        return bool(self._scripts.call("graph_turn", **asked))


def _rest(chore: Chore) -> str:
    return f"{_MINE}rest:{chore}"
