"""What workers say of their API keys → the doctor's lines: proven, old, to be deleted.

A key may go only when every worker that is there proves that it uses another one. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.health import Check, Verdict
from workers.offboarding.key_uses import KeyUse, UsedKey, WorkerWord, live
from workers.offboarding.shell import shell_word
from workers.offboarding.words import counted

WARNED_AHEAD: Final = timedelta(days=10)
_SERVICE_ID: Final = "iam-ServiceId-"
_KEEP: Final = "Delete none of its keys before this line is mended."

Place = tuple[str, str]
_Mine = Sequence[tuple[str, KeyUse]]


@dataclass(frozen=True, slots=True)
class Keys:
    """What is known of the keys.

    Attributes:
        places: Account id and name of each key in the settings.
        words: What workers said last.
        used: Every key that one of them ever used.
        listed: The ids of the keys that IAM lists of the identity in each place; None
            where that could not be seen.
    """

    places: tuple[Place, ...]
    words: Sequence[WorkerWord]
    used: Sequence[UsedKey]
    listed: Mapping[Place, frozenset[str] | None]
    now: datetime
    max_age: timedelta


def key_checks(keys: Keys) -> tuple[Check, ...]:
    """Say of each key of the settings whether all workers prove the same one."""
    words = live(keys.words, keys.now)
    return (
        *_faulty_files(words),
        *(one for place in keys.places for one in _of(keys, words, place)),
    )


def _faulty_files(words: Iterable[WorkerWord]) -> Iterator[Check]:
    """Say which workers could not put in force what their files say."""
    faulty = [one for one in words if one.setting_faults]
    if faulty:
        names = ", ".join(one.worker for one in faulty)
        text = (
            f"{counted(len(faulty), 'worker')} ({names}) could not take in what the "
            f"files of the settings say: {faulty[0].setting_faults[0]}"
        )
        mend = "What was read before holds. Mend the file: it is read again at once."
        yield Check("settings_files", Verdict.FAILED, text, mend)


def _of(keys: Keys, words: Iterable[WorkerWord], place: Place) -> Iterator[Check]:
    mine = [(w.worker, use) for w in words for use in w.uses if use.place == place]
    in_use = _in_use(mine, place)
    yield in_use
    yield from _ages(keys, mine, place)
    if in_use.verdict is Verdict.OK:
        yield from _to_delete(keys, mine[0][1], place)


def _in_use(mine: _Mine, place: Place) -> Check:
    what, (account_id, name) = "api_key_in_use", place
    if not mine:
        text = f"No worker has said yet which API key of {name} it uses."
        mend = "Ask again in a minute."
        return Check(what, Verdict.UNPROVEN, text, mend, None, account_id)
    declined = [(worker, use) for worker, use in mine if use.declined]
    if declined:
        return _declined(declined, account_id, len(mine))
    unseen = [(worker, use) for worker, use in mine if not use.key_id]
    if unseen:
        worker, use = unseen[0]
        why = f": {use.unseen.rstrip('.')}" if use.unseen else ""
        text = f"Which API key of {name} {worker} uses could not be seen{why}."
        return Check(what, Verdict.UNPROVEN, text, _KEEP, None, account_id)
    if len({use.key_id for _, use in mine}) > 1:
        return _several(mine, account_id)
    text = f"All {len(mine)} workers use the API key {_named(mine[0][1])} of {name}."
    if len(mine) == 1:
        text = f"The one worker uses the API key {_named(mine[0][1])} of {name}."
    return Check(what, Verdict.OK, text, account_id=account_id)


def _declined(declined: _Mine, account_id: str, many: int) -> Check:
    use = declined[0][1]
    names = ", ".join(worker for worker, _ in declined)
    text = (
        f"The key that stands in the file of {use.name} is not taken by "
        f"{len(declined)} of {counted(many, 'worker')} ({names}): "
        f"{use.declined.rstrip('.')}. In use is still the API key {_named(use)}."
    )
    mend = f"Put a new key of the same identity into that file. {_KEEP}"
    command = new_key_command(use)
    return Check("api_key_in_use", Verdict.FAILED, text, mend, command, account_id)


def _several(mine: _Mine, account_id: str) -> Check:
    newest = max((use for _, use in mine), key=lambda one: one.since)
    behind = [(w, use) for w, use in mine if use.key_id != newest.key_id]
    said = "; ".join(
        f"{worker} uses {_named(use)} since {use.since:%Y-%m-%d %H:%M} UTC"
        for worker, use in behind
    )
    text = (
        f"{len(mine) - len(behind)} of {len(mine)} workers use the API key "
        f"{_named(newest)} of {newest.name}; {said}."
    )
    mend = f"See that each of them reads the file that was changed. {_KEEP}"
    return Check("api_key_in_use", Verdict.WARNING, text, mend, None, account_id)


def _ages(keys: Keys, mine: _Mine, place: Place) -> Iterator[Check]:
    what, (account_id, name) = "api_key_age", place
    for use in {one.key_id: one for _, one in mine if one.key_id}.values():
        if use.made_at is None:
            text = f"When the API key {_named(use)} of {name} was made was not seen."
            mend = "Look it up, and rotate it in time:"
            yield Check(what, Verdict.UNPROVEN, text, mend, _list(use), use.account_id)
            continue
        age = keys.now - use.made_at
        if age >= keys.max_age - WARNED_AHEAD:
            text = (
                f"The API key {_named(use)} of {name} is {age.days} days old; after "
                f"{keys.max_age.days} it is too old."
            )
            mend = (
                "Rotate it as docs/guides/rotate-a-key.md says; a new one is made by:"
            )
            yield Check(
                what, Verdict.WARNING, text, mend, new_key_command(use), account_id
            )


def _to_delete(keys: Keys, now: KeyUse, place: Place) -> Iterator[Check]:
    """Name the keys that were used here before and are there still."""
    what, (account_id, name) = "api_key_unused", place
    listed = keys.listed.get(place)
    for one in keys.used:
        use = one.use
        if use.place != place or use.key_id == now.key_id or use.iam_id != now.iam_id:
            continue
        used = f"The other API key {_named(use)} of {name}"
        until = f"by no worker since {one.last_at:%Y-%m-%d %H:%M} UTC"
        if listed is None:
            text = f"{used} is used {until}; whether it is still there was not seen."
            mend = "Look, and delete it if it is there:"
            verdict = Verdict.UNPROVEN
        elif use.key_id in listed:
            text = f"{used} is used {until}: it can be deleted."
            mend = "If nothing else uses it, delete it:"
            verdict = Verdict.WARNING
        else:
            continue
        yield Check(what, verdict, text, mend, _delete(use), account_id)


def _named(use: KeyUse) -> str:
    if not use.key_id:
        return "that they have, of which IAM showed no id"
    made = f", made on {use.made_at:%Y-%m-%d}" if use.made_at else ""
    name = f'"{use.key_name}" ' if use.key_name else ""
    return f"{name}({use.key_id}{made})"


def _service_id(use: KeyUse) -> str | None:
    is_one = use.iam_id.startswith(_SERVICE_ID)
    return shell_word(use.iam_id.removeprefix("iam-")) if is_one else None


def _target(use: KeyUse) -> str:
    return f"ibmcloud target -c {shell_word(use.account_id)} && ibmcloud iam"


def new_key_command(use: KeyUse) -> str:
    """Return the command that makes a new key of the same identity."""
    service_id = _service_id(use)
    kind = (
        "api-key-create offboard"
        if service_id is None
        else f"service-api-key-create offboard {service_id}"
    )
    return f"{_target(use)} {kind} --file offboard-apikey.json"


def _delete(use: KeyUse) -> str:
    service_id, key_id = _service_id(use), shell_word(use.key_id)
    if service_id is None:
        return f"{_target(use)} api-key-delete {key_id}"
    return f"{_target(use)} service-api-key-delete {key_id} {service_id}"


def _list(use: KeyUse) -> str:
    service_id = _service_id(use)
    kind = "api-keys" if service_id is None else f"service-api-keys {service_id}"
    return f"{_target(use)} {kind}"
