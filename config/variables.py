"""Where a setting comes from: its variable, or the file that a variable names."""

from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass
from pathlib import Path
from typing import Any, Final

from marshmallow import ValidationError

from config.secret import FileSecret, SecretFileError, text_in

PREFIX: Final = "OFFBOARD_"
# A command with --local does by itself what else a worker does, save writing.
KEY_HOLDERS: Final = ("worker", "local")


@dataclass(frozen=True, slots=True)
class Named:
    """A setting under its full name, which is its variable's in lower case."""

    name: str
    default: Any
    metadata: Mapping[str, Any]


def named(setting: Field[Any], prefix: str = "") -> Named:
    """Return a declared setting under the name it has in the environment."""
    return Named(prefix + setting.name, setting.default, setting.metadata)


def variable_of(setting: Named) -> str:
    return f"{PREFIX}{setting.name.upper()}"


def may_read(setting: Named, process: str) -> bool:
    """Tell whether *process* may read the setting: keys are for those who need them."""
    only = setting.metadata["only"]
    return only in (None, process) or (only == "worker" and process in KEY_HOLDERS)


def value_of(setting: Named, environ: Mapping[str, str]) -> Any:  # noqa: ANN401 - each setting names its own type
    """Read a setting; None where it is not set.

    Raises:
        ValidationError: Without the value. A settings file has several faults, each
            by its path.
    """
    variable = variable_of(setting)
    text = environ.get(variable)
    file = environ.get(f"{variable}_FILE") if setting.metadata["secret"] else None
    if text and file:
        raise ValidationError(f"Set it or {variable}_FILE, not both.")
    if file:
        return _from_file(setting, Path(file))
    return setting.metadata["parse"](text) if text else None


def _from_file(setting: Named, path: Path) -> Any:  # noqa: ANN401 - see above
    try:
        if not setting.metadata["rotates"]:
            return setting.metadata["parse"](text_in(path))
        secret = FileSecret(path)
        secret.check()
    except SecretFileError as error:
        named = f"{variable_of(setting)}_FILE"
        raise ValidationError(f"The file named by {named} {error}.") from None
    return secret


def faults_of(name: str, error: ValidationError) -> list[str]:
    """Return a line a fault of the setting *name*."""
    variable = f"{PREFIX}{name.upper()}"
    if isinstance(error.messages, dict):
        return [
            f"{variable}: {path}: {' '.join(said)}"
            for path, said in error.messages.items()
        ]
    return [f"{variable}: {' '.join(str(one) for one in error.messages)}"]


def unknown_in(environ: Mapping[str, str], settings: Iterable[Named]) -> list[str]:
    """Return a fault for each variable of ours that is no setting."""
    known = set()
    for each in settings:
        known.add(variable_of(each))
        if each.metadata["secret"]:
            known.add(f"{variable_of(each)}_FILE")
    return [
        f"{name}: There is no such setting."
        for name in sorted(environ)
        if name.startswith(PREFIX) and name not in known
    ]
