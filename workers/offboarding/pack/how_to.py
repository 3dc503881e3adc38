"""How a pack is verified, for who has nothing but the pack. Pure."""

from collections.abc import Iterable
from typing import Final

from workers.offboarding.pack.members import VERSION, About

_TEXT: Final = """\
HOW TO VERIFY THIS PACK                                      (pack version {version})

{what}

1. What you need

   This file as it came (the .zip, not unpacked), a machine with Python 3.11 or newer,
   and the program offboard. No service, no account, no network and no secret is needed,
   and the machine need not be one of ours.

2. Whose signature it is

   The evidence says that it was signed by
{keys}
   Do not take that from here: whoever forges a pack signs it with a key of their own.
   Compare it with the fingerprint at the end of the reports of the time, in the channel
   or the mailbox that got them, or in the log of each worker's start.

3. The command

   offboard evidence verify {file} \\
     --public-key {key}

   It ends with 0 where everything holds, and says so. 3: it holds in itself, but
   something is not proven, and it says what. 4: something was changed, is missing or
   was added; each fault is named. 2: the file or the key could not be read.

   Not without the program? The chain is documented (docs/evidence.md): each line of a
   .jsonl file is hashed with SHA-256 over the one before, and the last is signed with
   Ed25519. `sha256sum --check SHA256SUMS` alone finds damage on the way,
   and no forgery.

4. What is proven by that

   - The entries in evidence.jsonl are those that the service sealed, all of them, in
     that order, signed by that key.
   - The pages (.html) and tables (.csv) say what the entries say: they are made again
     from the chain, and compared byte by byte.
{register}
5. What is not

   - What IBM Cloud did: only what it answered. Its request ids are in targets.csv; ask
     IBM for those.
   - That nobody who holds the signing key wrote something else. Compare with the
     reports of the time, and with an export from before.
   - What was written in the last second before the export.
{limits}
6. If it fails

   The file was changed after it was made, or on its way. Keep it as it is, get it again
   from where it came, and verify that. If the new one fails too, or its fingerprint is
   not that of the reports, ask those who run the service before you rely on any of it.
"""
_REGISTER: Final = """\
   - No case that was received in the period is missing: the register (register.jsonl)
     is one signed chain over all cases, and the id of a case says when it was received.
"""
_NO_REGISTER: Final = """\
   - NOT that no case is missing: this pack has no register. Somebody with the role
     operator can export one that has.
"""
_ALONE: Final = """\
   - Whether there are other cases: the pack of one case says nothing about others.
"""
_UNSIGNED: Final = """\
   - quarantine.jsonl (events that were proven and could not be understood) and what
     --match was given (hr.jsonl): they are as the service and the person who exported
     had them, and are not signed.
   - Events that were understood and are about nobody's leaving: none of them is kept.
"""


def how_to(about: About, keys: Iterable[str], file: str, *, has_register: bool) -> str:
    """Return the instructions that go with a pack.

    Args:
        about: What the pack is.
        keys: The fingerprints by which it is signed.
        file: What the pack is called where it is made.
        has_register: Whether it can tell that a case is missing.
    """
    named = sorted(keys) or ["(nothing: there is no case in it)"]
    if about.period is None:
        what = f"The evidence of case {about.case_id}."
        register, limits = "", _ALONE
    else:
        first, end = about.period.first, about.period.end
        what = (
            f"The evidence of every case received from {first} (0:00 UTC) until before"
            f"\n{end} (0:00 UTC). Begin with index.html."
        )
        register, limits = (_REGISTER if has_register else ""), _UNSIGNED
        if not has_register:
            limits = _NO_REGISTER + limits
    return _TEXT.format(
        version=VERSION,
        what=what,
        keys="".join(f"\n     {one}\n" for one in named),
        file=file,
        key=" --public-key ".join(named),
        register=register,
        limits=limits,
    )


def file_of(about: About) -> str:
    """Name the file that a pack is kept in."""
    if about.period is None:
        return f"offboard-evidence-{about.case_id}.zip"
    return f"offboard-evidence-{about.period.first}-to-{about.period.end}.zip"
