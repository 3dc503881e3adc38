"""The service in virtual time: real steps, desk and Lua, and faults by exact plan.

Run by ``make chaos``; a short form of it is part of ``make check``.
"""

import sys
from pathlib import Path

# What every test may use: ``from fakes import …``.
_TESTS = str(Path(__file__).parents[1])
if _TESTS not in sys.path:
    sys.path.insert(0, _TESTS)
