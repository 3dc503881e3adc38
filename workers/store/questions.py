"""Questions that the front door asks and a worker answers.

The front door holds no IBM Cloud key, so what needs one is asked here. Nothing is kept
for long: a subject may be an e-mail, and an answer is about now.
"""

import hashlib
import uuid
from dataclasses import dataclass
from typing import Final

import redis

from workers.store.connection import PREFIX, Scripts, faults

# Longer than any caller waits, and than a worker needs for the largest account.
_UNDER_WAY_SECONDS: Final = 180
# Whoever stopped waiting asks again within this; later the answer is not of now.
_ANSWER_SECONDS: Final = 15


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that is under way. ``is_new`` is False where it was joined."""

    id: str
    is_new: bool


class Questions:
    """The questions under way, and the answers nobody has fetched yet."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._scripts = Scripts(client)

    def ask(self, kind: str, subject: str) -> Asked:
        """Ask, or join who asked the same and has no answer yet.

        A new question drops an answer that was never fetched, so look for that first.
        Sending a joined question once more does no harm, and helps where the first
        message was lost: only one worker can claim it.
        """
        question_id, is_new = self._scripts.call(
            "question_ask",
            id=uuid.uuid4().hex,
            kind=kind,
            subject=subject,
            topic=_topic(kind, subject),
            ttl=_UNDER_WAY_SECONDS,
        )
        return Asked(question_id, bool(is_new))

    def question(self, question_id: str) -> tuple[str, str] | None:
        """Read kind and subject; None once it is answered or ran out."""
        with faults():
            found = self._client.hmget(
                f"{PREFIX}question:{question_id}", ["kind", "subject"]
            )
        kind, subject = found
        if kind is None or subject is None:
            return None
        return str(kind), str(subject)

    def claim(self, question_id: str) -> bool:
        """Take a question for this worker; False if it is another's, or over."""
        is_mine = self._scripts.call(
            "question_claim",
            id=question_id,
            token=uuid.uuid4().hex,
            ttl=_UNDER_WAY_SECONDS,
        )
        return bool(is_mine)

    def leave(self, question_id: str) -> None:
        """End a question without any answer; whoever asked asks anew."""
        self._scripts.call("question_answer", id=question_id, ttl=_ANSWER_SECONDS)

    def answer(self, question_id: str, text: str) -> None:
        """End a question with its answer, which is kept for some seconds.

        One that ran out meanwhile is answered to nobody.
        """
        self._scripts.call(
            "question_answer", id=question_id, text=text, ttl=_ANSWER_SECONDS
        )

    def answer_of(self, kind: str, subject: str) -> str | None:
        """Fetch the finished answer; None while there is none.

        It is given out once: who stopped waiting gets it at the next call, and nobody
        gets an old one a second time. Of two who joined in one question the first gets
        it, and the other asks again.
        """
        with faults():
            found = self._client.getdel(f"{PREFIX}answer:{_topic(kind, subject)}")
        return None if found is None else str(found)


def _topic(kind: str, subject: str) -> str:
    """Name what is asked without showing whom: keys are seen where values are not."""
    return f"{kind}:{hashlib.sha256(subject.encode()).hexdigest()}"
