"""The command line's way to a running service: HTTP with a token, nothing decided.

It knows when to ask again; what a body means is its caller's business. The token is
sent to the service's own address only, and taken out of whatever comes back, so that
no answer can bring it to a screen.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit
from uuid import uuid4

import requests

from config.settings import LOOPBACK, Secret
from service.agent import USER_AGENT
from service.call_error import CallError, Fault
from service.faults import (
    connection_fault,
    in_doubt,
    is_passing,
    never_arrived,
    not_ours,
    refusal_of,
)

# Seconds between the tries of one call; the first try is not counted.
PAUSES: Final = (0.5, 1.0, 2.0)
_LONGEST_PAUSE_SECONDS: Final = 10.0
# To connect, and for each wait on the answer: above the 30 s after which the web
# process ends a request itself.
_TIMEOUT_SECONDS: Final = (5.0, 35.0)

# How the service says that a request joined a case that was open before.
OPENED_AS: Final = "Offboard-Opened-As"
# How it says why an exposure may not be everything, and whose token it was asked with.
NOT_SEEN: Final = "Offboard-Not-Seen"
DAMAGED: Final = "Offboard-Damaged"
ROLE: Final = "Offboard-Role"
# When clusters have picked the new keys of a case up.
SETTLES_AT: Final = "Offboard-Settles-At"
# How many entries of a case its evidence does not have yet.
UNSEALED: Final = "Offboard-Unsealed"
_PART_BYTES: Final = 65_536

Body = dict[str, Any]


class Client:
    """A caller of one service. Every method raises CallError."""

    def __init__(
        self,
        url: str,
        token: Secret,
        *,
        pauses: Sequence[float] = PAUSES,
        timeout_seconds: tuple[float, float] = _TIMEOUT_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._pauses = tuple(pauses)
        self._timeout_seconds = timeout_seconds
        self._sleep = sleep
        self._session = requests.Session()
        # As auth and not as a header: a .netrc entry of the host would replace that.
        self._session.auth = self._sign
        # A proxy for the outside world must not get what is meant for this machine.
        self._session.trust_env = _host(self._url) not in LOOPBACK

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def offboard(self, user: str, body: Mapping[str, object]) -> tuple[Body, bool]:
        """Open a case; the bare case as it is on disk, and whether it was open before.

        It is sent again where the answer was lost, under one Idempotency-Key, so that
        no second case comes of it.
        """
        headers = {"Idempotency-Key": uuid4().hex}
        path = f"/offboard/{_segment(user, 'USER')}"
        answer, said = self._ask("POST", path, json=dict(body), headers=headers)
        return _case_in(answer), said.get(OPENED_AS) == "joined"

    def adopt(self, body: Mapping[str, object]) -> tuple[Body, bool]:
        """Open an adoption; the bare case, and whether it was open before.

        Sent again as a departure is.
        """
        headers = {"Idempotency-Key": uuid4().hex}
        answer, said = self._ask(
            "POST", "/api/adoptions", json=dict(body), headers=headers
        )
        return _case_in(answer), said.get(OPENED_AS) == "joined"

    def case(self, case_id: str) -> Body:
        """Read one case."""
        return self._call("GET", f"/api/cases/{_segment(case_id, 'ID')}")

    def settles_at(self, case_id: str) -> str | None:
        """Read when a case that is owner-safe has settled in; None: not known."""
        path = f"/api/cases/{_segment(case_id, 'ID')}"
        return self._ask("GET", path)[1].get(SETTLES_AT)

    def cases(self, **filters: str | int) -> tuple[Body, tuple[str, ...]]:
        """Read one page of cases, newest first; ids of those that cannot be read."""
        body, said = self._ask("GET", "/api/cases", params=filters)
        return body, _listed(said.get(DAMAGED, ""))

    def retry(self, case_id: str) -> Body:
        """Take a case back to work; the bare case. Sent once: it is no reading."""
        return self._act_on(case_id, "retry")

    def cancel(self, case_id: str) -> Body:
        """Withdraw a case; the bare case. Sent once: it is no reading."""
        return self._act_on(case_id, "cancel")

    def approve(self, case_id: str, plan_hash: str | None) -> Body:
        """Release a waiting case for this plan; the bare case. Sent once."""
        return self._act_on(case_id, "approve", json={"plan_hash": plan_hash})

    def refuse(self, case_id: str, plan_hash: str | None) -> Body:
        """Refuse a waiting case's plan; the bare case. Sent once."""
        return self._act_on(case_id, "refuse", json={"plan_hash": plan_hash})

    def done(self, case_id: str, number: int) -> Body:
        """Tick a follow-up off; the bare case. Again is the same, so it may be sent."""
        path = f"/api/cases/{_segment(case_id, 'ID')}/follow-ups/{number}/done"
        return _case_in(self._call("POST", path))

    def blind_spots(self) -> Body:
        """Read which targets are accepted as not readable: ``blind_spots``."""
        return self._call("GET", "/api/blind-spots")

    def accept_blind_spot(self, body: Mapping[str, object]) -> Body:
        """Accept a target as not readable: ``blind_spot``. Again is the same."""
        return self._call("POST", "/api/blind-spots", json=dict(body))

    def withdraw_blind_spot(self, body: Mapping[str, object]) -> Body:
        """Take an acceptance back: ``withdrawn``. Sent once, or it would say no."""
        path = "/api/blind-spots/withdraw"
        return self._call("POST", path, pauses=(), json=dict(body))

    def quarantine(self, **filters: str | int) -> Body:
        """Read one page of quarantine, oldest first: ``quarantine`` and ``next``."""
        return self._call("GET", "/api/quarantine", params=filters)

    def replay(self, kept_id: str) -> Body:
        """Have a delivery read again: ``cases``. Sent once: it is no reading."""
        return self._act_on_kept("replay", kept_id)

    def drop(self, kept_id: str) -> Body:
        """Let a delivery in quarantine go: ``dropped``. Sent once."""
        return self._act_on_kept("drop", kept_id)

    def sources(self) -> Body:
        """Read how every source fares: ``sources``."""
        return self._call("GET", "/api/sources")

    def paused(self) -> Body:
        """Read what is paused, and why where the store was restored."""
        return self._call("GET", "/api/pause")

    def pause(self, account_id: str | None) -> Body:
        """Pause resets in one account, or in all; what is paused now."""
        return self._call("POST", "/api/pause", json=_account(account_id))

    def resume(self, account_id: str | None) -> Body:
        """End the pause of one account, or the general one; what is paused now."""
        return self._call("POST", "/api/resume", json=_account(account_id))

    def brake(self) -> Body:
        """Read how the brake stands, and what it holds."""
        return self._call("GET", "/api/brake")

    def decide_brake(self, verb: str) -> Body:
        """Have all that waits now released or refused: how many; *verb* says which.

        Sent once: what is held meanwhile is for another decision.
        """
        return self._call("POST", f"/api/brake/{verb}", pauses=())

    def exposure(self, account_ids: Sequence[str] = ()) -> tuple[Body, tuple[str, ...]]:
        """Read who owns every target; reasons why that may not be everything.

        Of all accounts where none is named.
        """
        wanted = {"account_id": list(account_ids)}
        body, said = self._ask("GET", "/api/exposure", params=wanted)
        return body, _listed(said.get(NOT_SEEN, ""))

    def gate(self, user: str) -> Body:
        """Ask whether a person may be removed; it may answer that it is still read."""
        return self._call("GET", f"/api/gate/{_segment(user, 'USER')}")

    def doctor(self) -> Body:
        """Have a worker check what it can see and do: ``checks``."""
        return self._call("GET", "/api/doctor")

    def try_channels(self, account_id: str | None = None) -> Body:
        """Have every channel told that this is a test, or one account's: the notice.

        Sent again where the answer was lost: a second test does no harm.
        """
        body = {"account_id": account_id} if account_id else {}
        return _part_of(self._call("POST", "/api/notices/test", json=body), "notice")

    def notice(self, notice_id: str) -> Body:
        """Read how a notice fares on each channel."""
        return self._call("GET", f"/api/notices/{_segment(notice_id, 'ID')}")

    def ready(self) -> Body:
        """Ask whether the service can take events in: ``checks``, good or not."""
        return self._ask("GET", "/readyz", accepted=(503,))[0]

    def evidence(self, case_id: str) -> tuple[bytes, int]:
        """Read the evidence of a case, and how many of its entries are not sealed."""
        path = f"/api/cases/{_segment(case_id, 'ID')}/evidence"
        answer = self._download(path)
        lines = b"".join(self._lines(answer))
        unsealed = answer.headers.get(UNSEALED, "")
        return lines, int(unsealed) if unsealed.isdecimal() else 0

    def evidence_register(self) -> Iterator[bytes]:
        """Read the register over all cases, line by line."""
        return self._lines(self._download("/api/evidence/register"))

    def evidence_between(self, first: str, end: str) -> Iterator[bytes]:
        """Read the evidence of every case received in some days, line by line.

        For an operator the register comes first; a pack follows the other, by id.
        """
        days = {"from": first, "to": end}
        return self._lines(self._download("/api/evidence", params=days))

    def role(self) -> str | None:
        """Return the role of the token; None where the service does not tell it."""
        return self._ask("GET", "/api/cases", params={"limit": 1})[1].get(ROLE)

    def _act_on(self, case_id: str, verb: str, **parts: Body) -> Body:
        path = f"/api/cases/{_segment(case_id, 'ID')}/{verb}"
        return _case_in(self._call("POST", path, pauses=(), **parts))

    def _act_on_kept(self, verb: str, kept_id: str) -> Body:
        path = f"/api/quarantine/{_segment(kept_id, 'ID')}/{verb}"
        return self._call("POST", path, pauses=())

    def _call(
        self,
        method: str,
        path: str,
        *,
        pauses: Sequence[float] | None = None,
        **parts: Any,  # noqa: ANN401 - the keywords of requests, as it declares them
    ) -> Body:
        return self._ask(method, path, pauses=pauses, **parts)[0]

    def _ask(
        self,
        method: str,
        path: str,
        *,
        pauses: Sequence[float] | None = None,
        accepted: Sequence[int] = (),
        **parts: Any,  # noqa: ANN401 - as above
    ) -> tuple[Body, Mapping[str, str]]:
        is_doubtful = False
        for pause in (*(self._pauses if pauses is None else pauses), None):
            try:
                answer = self._send(method, path, parts)
                return self._read(answer, accepted), answer.headers
            except _AgainError as error:
                # One lost answer among the tries is enough to be unsure of the end.
                is_doubtful |= error.is_doubtful and method != "GET"
                if pause is None:
                    fault = error.fault
                    raise (in_doubt(fault) if is_doubtful else fault) from error
                self._sleep(max(pause, error.seconds))
        raise AssertionError("The last try returns or raises.")

    def _download(self, path: str, **parts: Body) -> requests.Response:
        """Ask for lines, which are read as they come."""
        for pause in (*self._pauses, None):
            try:
                answer = self._send("GET", path, {"stream": True, **parts})
                if answer.status_code != 200:
                    self._read(answer, ())
                return self._of_lines(answer)
            except _AgainError as error:
                if pause is None:
                    raise error.fault from error
                self._sleep(max(pause, error.seconds))
        raise AssertionError("The last try returns or raises.")

    def _of_lines(self, answer: requests.Response) -> requests.Response:
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        if answer.status_code != 200 or kind != "application/jsonl":
            answer.close()
            raise not_ours(f"{self._url} answers, but not as this service does")
        return answer

    def _lines(self, answer: requests.Response) -> Iterator[bytes]:
        """Give the lines of an answer, each with its newline.

        They are hashed and signed, so that nothing may be taken out of them; with the
        token in them they are none of this service's.
        """
        rest = b""
        try:
            for part in answer.iter_content(_PART_BYTES):
                *lines, rest = (rest + part).split(b"\n")
                for line in lines:
                    yield self._clean(line + b"\n")
            if rest:
                yield self._clean(rest)
        except requests.RequestException as error:
            raise connection_fault(error, self._url) from error
        finally:
            answer.close()

    def _clean(self, line: bytes) -> bytes:
        if self._token.reveal().encode() in line:
            raise not_ours(f"{self._url} answers with the token in it")
        return line

    def _send(
        self, method: str, path: str, parts: Mapping[str, Any]
    ) -> requests.Response:
        try:
            # No redirect: it could turn a POST into a GET, and take the token along.
            return self._session.request(
                method,
                self._url + path,
                timeout=self._timeout_seconds,
                allow_redirects=False,
                **parts,
            )
        except requests.RequestException as error:
            fault = connection_fault(error, self._url)
            if not is_passing(error):
                raise fault from error
            raise _AgainError(fault, is_doubtful=not never_arrived(error)) from error

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        request.headers["Accept"] = "application/json"
        # By this the service counts what was asked for by this command.
        request.headers["User-Agent"] = USER_AGENT
        return request

    def _read(self, answer: requests.Response, accepted: Sequence[int]) -> Body:
        body = self._json(answer)
        status = answer.status_code
        if 200 <= status < 300 or status in accepted:
            if body is None:
                raise not_ours(f"{self._url} answers, but not as this service does")
            return body
        refusal = refusal_of(status, body, self._url)
        if refusal.fault is not Fault.UNREACHABLE:
            raise refusal
        # 429 and 503 are the service's own word that nothing was taken in.
        is_doubtful = status not in (429, 503)
        raise _AgainError(refusal, is_doubtful=is_doubtful, seconds=_asked_for(answer))

    def _json(self, answer: requests.Response) -> Body | None:
        text = answer.content.decode("utf-8", "replace")
        try:
            body = json.loads(text.replace(self._token.reveal(), "[token]"))
        except (ValueError, RecursionError):
            return None
        return body if isinstance(body, dict) else None


class _AgainError(Exception):
    """One try that failed in a way that may pass.

    Attributes:
        fault: What to raise when no try is left.
        is_doubtful: Whether it may have been carried out.
        seconds: How long the service asked to be left alone, within bounds.
    """

    def __init__(
        self, fault: CallError, *, is_doubtful: bool, seconds: float = 0.0
    ) -> None:
        super().__init__(str(fault))
        self.fault = fault
        self.is_doubtful = is_doubtful
        self.seconds = seconds


def _asked_for(answer: requests.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    is_number = text.isascii() and text.isdigit() and len(text) < 6
    return min(float(text), _LONGEST_PAUSE_SECONDS) if is_number else 0.0


def _listed(header: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in header.split(",") if one.strip())


def _segment(text: str, name: str) -> str:
    """Make *text* one segment of a path, or say why it cannot be one."""
    # A segment of dots is resolved away on the road, however it is written.
    if not text.strip() or text in (".", ".."):
        raise CallError(Fault.INVALID, f"{name}: Give one.")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise CallError(Fault.INVALID, f"{name}: It is not UTF-8.") from error


def _account(account_id: str | None) -> dict[str, str] | None:
    return None if account_id is None else {"account_id": account_id}


def _case_in(body: Body) -> Body:
    return _part_of(body, "case")


def _part_of(body: Body, name: str) -> Body:
    part = body.get(name)
    if not isinstance(part, dict):
        raise not_ours(f"The answer holds no {name}")
    return part


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
