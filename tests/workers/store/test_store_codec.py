"""What the store keeps is read by many threads at once, from their first moment on."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# Types that nobody read yet, two hundred times: eight threads read them at once.
READ_AT_ONCE = """
import sys
from dataclasses import make_dataclass
from threading import Barrier, Thread

from workers.store.codec import {how}

sys.setswitchinterval(1e-6)
for _ in range(200):
    fields = [(f"of{{n}}", "int | None", None) for n in range(30)]
    inner = make_dataclass("Inner", fields)
    fields = [(f"of{{n}}", inner | None, None) for n in range(5)]
    outer = make_dataclass("Outer", fields)
    start, seen = Barrier(8), []

    def read(is_inner):
        kind, text, found = (
            (inner, b'{{"of1":1,"of29":3}}', inner(of1=1, of29=3))
            if is_inner
            else (outer, b'{{"of0":{{"of2":2}}}}', outer(of0=inner(of2=2)))
        )
        start.wait()
        seen.append({read} == found)

    threads = [Thread(target=read, args=(n % 2,)) for n in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert seen == [True] * 8
"""


@pytest.mark.parametrize(
    ("how", "read"),
    [
        ("decode", "decode(text, kind)"),
        ("converted", "converted(__import__('json').loads(text), kind)"),
    ],
)
def test_threads_that_read_a_type_for_the_first_time_at_once_read_it_whole(how, read):
    ended = subprocess.run(
        [sys.executable, "-c", READ_AT_ONCE.format(how=how, read=read)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    # Read by msgspec itself, they end the process by a segmentation fault.
    assert (ended.returncode, ended.stderr) == (0, "")


def test_nothing_is_read_past_the_codec():
    """But for what the command line reads, in its one thread."""
    reads = re.compile(r"msgspec\.(convert|json\.(decode|Decoder))|from msgspec")
    found = {
        str(path.relative_to(ROOT))
        for folder in ("config", "service", "workers")
        for path in (ROOT / folder).rglob("*.py")
        if reads.search(path.read_text(encoding="utf-8"))
    }

    assert found == {"workers/store/codec.py", "service/commands/answers.py"}
