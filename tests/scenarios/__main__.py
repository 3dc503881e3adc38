"""Play scenarios by hand: python -m tests.scenarios NAME…, or without to list them."""

import sys
from collections.abc import Callable

from tests.scenarios import NAMES
from tests.scenarios.scene import Scene, scenes


def promise_of(play: Callable[[Scene], None]) -> str:
    return (play.__doc__ or "").splitlines()[0]


def main(names: list[str]) -> int:
    if not names or set(names) - set(NAMES):
        for name, play in NAMES.items():
            sys.stdout.write(f"{name:22} {promise_of(play)}\n")
        return 0 if not names else 2
    for name in names:
        sys.stdout.write(f"{name}: {promise_of(NAMES[name])}\n")
        with scenes(is_loud=True) as scene:
            NAMES[name](scene)
        sys.stdout.write(f"{name}: as promised\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
