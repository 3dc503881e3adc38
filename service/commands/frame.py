"""The frame of `offboard`: help in groups, exit codes, faults told in one form."""

import sys
from collections import UserDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import click

from service.call_error import CallError
from service.commands.exits import OF_FAULT, Exit

# What people do, in the order in which they come to do it.
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "Look": ("exposure", "gate", "case", "doctor"),
    "Act": ("run", "adopt", "pause", "resume"),
    "Decide": ("brake", "quarantine", "blind-spot"),
    "Prove": ("evidence",),
    "Set up": ("permissions", "source", "token", "notify", "completion", "version"),
    "Run": (
        "up",
        "web",
        "worker",
        "beat",
        "store",
        "backup",
        "upgrade",
        "healthcheck",
    ),
}
_MORE: Final = "More"
# Under this name a command finds the way straight to the accounts.
LOCAL: Final = "offboard.local"
EXIT_CODES: Final[dict[Exit, str]] = {
    Exit.GOOD: "done, and everything was seen",
    Exit.OURS: "a fault of ours",
    Exit.USAGE: "not understood, or no such thing",
    Exit.ATTENTION: "attention needed, or something could not be seen",
    Exit.HELD: "held, refused, or not safe",
    Exit.SETTINGS: "the set-up is at fault: settings, token, role",
    Exit.UNREACHABLE: "the service cannot be reached",
    Exit.WAITED: "waited too long; the case goes on",
    Exit.INTERRUPTED: "interrupted; the case goes on",
}
EPILOG: Final = "\b\nExit codes:\n" + "\n".join(
    f"  {code.value:>3}  {said}" for code, said in EXIT_CODES.items()
)


def examples(*lines: str) -> str:
    """Return an epilog of examples, each on its line."""
    return "\b\nExamples:\n" + "\n".join(f"  {one}" for one in lines)


@dataclass(frozen=True, slots=True)
class Later:
    """A command that is loaded when it is asked for, and its line in the help."""

    load: Callable[[], click.Command]
    said: str


class Commands(UserDict[str, click.Command]):
    """Commands by their names; those for later are loaded as they are taken out."""

    def __init__(self, later: Mapping[str, Later]) -> None:
        super().__init__()
        self._later = later

    def __getitem__(self, name: str) -> click.Command:
        if name not in self.data and name in self._later:
            self.data[name] = self._later[name].load()
        return super().__getitem__(name)

    def __iter__(self) -> Iterator[str]:
        return iter({**self._later, **self.data})

    def __len__(self) -> int:
        return len({**self._later, **self.data})

    def __contains__(self, name: object) -> bool:
        return name in self._later or name in self.data

    def line_of(self, name: str) -> str:
        """Return a command's line in the help, and load nothing for it."""
        if name in self._later:
            return self._later[name].said
        return self[name].get_short_help_str(limit=64) if name in self else ""


class CommandLine(click.Group):
    """Groups the commands, and ends every one with the codes of the guide."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run the command that was typed."""
        try:
            return super().invoke(ctx)
        except CallError as error:
            from service.commands.screen import tell_fault

            code = OF_FAULT[error.fault]
            tell_fault(code, str(error.fault), error.lines)
            sys.exit(code)
        except KeyboardInterrupt:
            # click's own end for it is 1, which is what a fault of ours ends with.
            sys.exit(Exit.INTERRUPTED)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the commands by what people do with them."""
        grouped = [one for every in GROUPS.values() for one in every]
        more = tuple(one for one in self.list_commands(ctx) if one not in grouped)
        for title, names in {**GROUPS, _MORE: more}.items():
            rows = [(one, said) for one in names if (said := self._line_of(one))]
            if rows:
                with formatter.section(title):
                    # One width for all, so that the groups stand as one table.
                    formatter.write_dl([(f"{name:<11}", said) for name, said in rows])

    def _line_of(self, name: str) -> str:
        if isinstance(self.commands, Commands):
            return self.commands.line_of(name)
        found = self.commands.get(name)
        return found.get_short_help_str(limit=64) if found else ""
