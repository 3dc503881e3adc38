"""Text from outside made fit for one line, and the commands that act on one target.

Every command is one line for a shell, with each foreign word quoted.
"""

import shlex
import unicodedata
from typing import Final

from workers.offboarding.model import Target


def cleaned(text: str, limit: int = 600) -> str:
    """Return *text* on one line, invisible characters shown as U+FFFD, cut to *limit*.

    What turns writing round or hides between letters could make one name look like
    another, so it is made visible rather than dropped.
    """
    line = " ".join("".join(_visible(one) for one in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def made_visible(text: str) -> str:
    """Return *text* as ``cleaned`` does, with its blanks and its lines as they are."""
    if text.isprintable():
        return text
    return "".join(one if one == "\n" else _visible(one) for one in text)


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    return "\ufffd" if category in ("Cf", "Cs") else character


def shell_word(text: str) -> str:
    """Quote *text* as one word of a shell."""
    return shlex.quote(cleaned(text))


# Where no group is named: it shows what is lacking.
NO_GROUP: Final = "ibmcloud resource groups"


def within(target: Target, command: str) -> str:
    """Run *command* in the target's group, or not at all.

    ``&&`` matters: without a targeted group a reset hits the account's default one,
    and so it would where no group is named.
    """
    group = target.resource_group.id.strip()
    if not group:
        return NO_GROUP
    place = f"-g {shell_word(group)} -r {shell_word(target.region)}"
    return f"ibmcloud target {place} && {command}"


def reset_command(target: Target) -> str:
    """Return the command that resets one target, or shows what it lacks."""
    region = shell_word(target.region)
    return within(target, f"ibmcloud ks api-key reset --region {region}")


def classic_credential_command(target: Target) -> str:
    """Return the command that shows a target's classic credential, changing nothing."""
    region = shell_word(target.region)
    return within(target, f"ibmcloud ks credential get --region {region}")
