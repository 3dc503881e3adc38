"""What was typed for `offboard source send`, judged before anything is sent."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from marshmallow import ValidationError

from config import parsers
from service.call_error import CallError, Fault
from service.words import leaver_of

if TYPE_CHECKING:
    from service.sources.samples.sample import Sample

_ID_LIMIT: Final = 200


def sample_of(source: str, kind: str) -> "Sample":
    """Return the sample that was asked for; CallError lists those there are."""
    # Here and not above: it brings all sources along, and the web's framework.
    from service.sources.samples import SAMPLES_OF

    if source not in SAMPLES_OF:
        first = f"There is no source {source} to play." if source else "Give a source."
        lines = [
            f"  {name}: {', '.join(one.kind for one in samples)}"
            for name, samples in SAMPLES_OF.items()
        ]
        raise CallError(Fault.INVALID, first, "Sources, and what each tells:", *lines)
    for one in SAMPLES_OF[source]:
        if one.kind == kind:
            return one
    first = f"The source {source} has no kind {kind}." if kind else "Give a kind."
    lines = [f"  {one.kind}: {one.leads_to}" for one in SAMPLES_OF[source]]
    raise CallError(Fault.INVALID, first, f"What {source} tells:", *lines)


def person_in(user: str) -> str:
    """Return who is meant, as the service reads it; CallError."""
    try:
        return str(leaver_of(user))
    except ValidationError as error:
        said = " ".join(map(str, error.messages))
        raise CallError(Fault.INVALID, f"--user: {said}") from error


def sender_id_in(text: str | None, source: str) -> str | None:
    """Return the sender's own id of the person; CallError where it takes none."""
    if text is None:
        return None
    # Here and not above: it brings all sources along, and the web's framework.
    from service.sources.samples import TELL_BY_ID

    if source not in TELL_BY_ID:
        said = f"{source} tells of people by e-mail or IAM ID: leave it out."
        raise CallError(Fault.INVALID, f"--id: {said}")
    if not text.isprintable() or not text.strip() or len(text) > _ID_LIMIT:
        said = f"Give 1 to {_ID_LIMIT} printable characters."
        raise CallError(Fault.INVALID, f"--id: {said}")
    return text.strip()


def key_in(file: Path | None) -> str | None:
    """Return the text of a key's file; CallError."""
    try:
        return file.read_text(encoding="utf-8") if file is not None else None
    except (OSError, UnicodeDecodeError) as error:
        raise CallError(Fault.INVALID, f"--key: {file} cannot be read.") from error


def address_in(url: str) -> str:
    """Return the service's address; CallError."""
    try:
        return str(parsers.https(url))
    except ValidationError as error:
        said = " ".join(map(str, error.messages))
        raise CallError(Fault.INVALID, f"--url: {said}") from error


def no_secret(source: str) -> CallError:
    """Say which setting has the secret that is missing here."""
    variable = f"OFFBOARD_SOURCE_{source.upper()}_SECRET"
    return CallError(
        Fault.INVALID,
        f"{variable}: Set it here as the service has it, or {variable}_FILE; without"
        " it nothing can be signed.",
    )
