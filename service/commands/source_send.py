"""`offboard source send`: a source is played, without its vendor."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from config.settings import Settings
from service.call_error import CallError, Fault
from service.commands.opening import output_option, read_settings
from service.commands.screen import progress_screen, result_screen, write_json
from service.commands.source_asked import (
    address_in,
    key_in,
    no_secret,
    person_in,
    sample_of,
    sender_id_in,
)
from service.commands.source_told import show, warn

if TYPE_CHECKING:
    from service.playing import Answer
    from service.sources.samples.sample import Asked, Outgoing, Sample


@click.command()
@click.argument("source", required=False, default="")
@click.argument("kind", required=False, default="")
@click.option("--user", default="", help="Whom it is about: e-mail or IAM ID.")
@click.option(
    "--id",
    "sender_id",
    help="The sender's own id of the person, where it tells by one.  [default: one"
    " that nobody has]",
)
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The sender's private key as PEM, where the source signs with one.",
)
@click.option("--url", help="The service.  [default: OFFBOARD_URL]")
@output_option
def send(
    *,
    source: str,
    kind: str,
    user: str,
    sender_id: str | None,
    key: Path | None,
    url: str | None,
    output: str,
) -> None:
    """Play what SOURCE tells, signed as the vendor would, to a running service.

    It needs the settings that the service has of that source, such as
    OFFBOARD_SOURCE_OKTA_SECRET, and no token. Without SOURCE or KIND it lists those
    there are. What it tells is acted on: on an armed service a departure is REAL.

    Ends with 0 where the service took it in.
    """
    sample = sample_of(source, kind)
    user, signing_key = person_in(user), key_in(key)
    sender_id = sender_id_in(sender_id, source)
    settings = read_settings("command")
    if not settings.sources.of(source).is_on:
        raise no_secret(source)
    # Here and not above: it brings all sources along, and the web's framework.
    from service.playing import refusal
    from service.sources.samples.sample import Asked

    asked = Asked(user, datetime.now(UTC), settings, signing_key, sender_id)
    address = address_in(url) if url else settings.url
    requests = _requests(sample, asked)
    progress_screen().line(f"{source} {sample.kind}: {sample.leads_to}")
    warn(progress_screen(), sample, is_armed_here=settings.armed)
    played = _play(requests, settings, address)
    if output == "json":
        write_json(_told(source, sample, played))
    else:
        show(result_screen(), sample, user, [answer for _, answer in played])
    if not played[-1][1].is_good:
        raise refusal(played[-1][1], address, source)


def _requests(sample: "Sample", asked: "Asked") -> Sequence["Outgoing"]:
    try:
        return sample.make(asked)
    except ValueError as error:
        raise CallError(Fault.INVALID, str(error)) from error


def _play(
    requests: Sequence["Outgoing"], settings: Settings, url: str
) -> list[tuple[str, "Answer"]]:
    """Send one after the other until one is refused; what was sent, and its answer."""
    from service.playing import play, shown_path

    secrets, played = settings.secrets(), list[tuple[str, "Answer"]]()
    known_id = ""
    for each in requests:
        sent = f"{each.method} {shown_path(each.path, secrets)}"
        one = replace(each, path=each.path.replace("{id}", known_id))
        progress_screen().line(sent)
        answer = play(url, one, secrets)
        known_id = answer.id or known_id
        played.append((sent, answer))
        if not answer.is_good:
            break
    return played


def _told(
    source: str, sample: "Sample", played: Sequence[tuple[str, "Answer"]]
) -> dict[str, object]:
    return {
        "source": source,
        "kind": sample.kind,
        "leads_to": sample.leads_to,
        "cases": [each for _, answer in played for each in answer.case_ids],
        "answers": [
            {"sent": sent, "status": answer.status, "body": answer.body}
            for sent, answer in played
        ],
    }
