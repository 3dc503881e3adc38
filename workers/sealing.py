"""Seals what ledgers gained: chained, signed and registered, every second.

Best effort in time and never in order: what is not sealed now is sealed next time, and
says nowhere that it is.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from config.log import learn
from config.secret import Secret
from workers.offboarding.evidence import Signer, fingerprint_of
from workers.offboarding.health import Check, Verdict
from workers.signing import SigningKey, new_seed
from workers.store.evidence import Evidence

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Of one task: a mass of them must not keep a worker from its other work for long.
_TURNS: Final = 20


class Sealing:
    """What seals the evidence of one store, and its key's fingerprint."""

    def __init__(
        self,
        evidence: Evidence,
        signer: Signer,
        clock: Callable[[], datetime],
        *,
        is_key_ours: bool = True,
    ) -> None:
        self._evidence = evidence
        self._signer = signer
        self._clock = clock
        self._has_noted = False
        self.fingerprint = fingerprint_of(signer.public_key)
        self.check = _check(self.fingerprint, is_key_ours=is_key_ours)

    def seal(self) -> None:
        """Seal what is new, as long as no other worker does."""
        if not self._has_noted:
            self._evidence.note_all()
            self._has_noted = True
        for _ in range(_TURNS):
            if not self._evidence.seal(self._signer, self._clock()):
                return


def open_sealing(
    evidence: Evidence, key: Secret | None, clock: Callable[[], datetime]
) -> Sealing:
    """Open it with the key that is set, or with the one that the store keeps."""
    is_key_ours = key is not None
    if key is None:
        key = Secret(evidence.seed(new_seed()))
        learn(key.reveal())
        log.warning(
            "evidence.key_in_store",
            text="OFFBOARD_EVIDENCE_KEY is not set: whoever can write the store can"
            " forge evidence.",
        )
    sealing = Sealing(evidence, SigningKey(key), clock, is_key_ours=is_key_ours)
    log.info("evidence.key", fingerprint=sealing.fingerprint)
    return sealing


def _check(fingerprint: str, *, is_key_ours: bool) -> Check:
    if is_key_ours:
        return Check(
            "evidence_key", Verdict.OK, f"Evidence is signed by {fingerprint}."
        )
    return Check(
        "evidence_key",
        Verdict.WARNING,
        f"Evidence is signed by {fingerprint}, whose key the store keeps: whoever can"
        " write the store can forge evidence.",
        mend="Set OFFBOARD_EVIDENCE_KEY for the workers, and for nobody else.",
        command="openssl rand -hex 32",
    )
