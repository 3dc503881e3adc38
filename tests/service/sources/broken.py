"""What no source may fall over: bodies that are broken, and samples that are bent."""

import json

from hypothesis import strategies as st

BROKEN_JSON = {
    "nothing": b"",
    "no JSON": b"data=1",
    "cut off": b'{"data": {"events": [{"uuid": "u-1"',
    "a list": b"[]",
    "a text": b'"data"',
    "null": b"null",
    "a repeated key": b'{"data": {}, "data": {}}',
    "NaN": b'{"data": NaN}',
    "Infinity": b'{"data": -Infinity}',
    "a number too large": b'{"data": 1e999}',
    "invalid UTF-8": b'{"data": "\xff"}',
    "half a surrogate pair": b'{"data": "\\ud800"}',
    "another encoding": '{"data": {}}'.encode("utf-16"),
    "nested too deep": b'{"data":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
}

_ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["a.b.c", "x" * 300, "user.departed", "\x00", "success", "@"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def bent(sample):
    """Samples in which one or two members hold something else, or are gone."""
    bends = st.tuples(st.integers(0, 10_000), st.booleans(), _ANYTHING)
    return st.lists(bends, min_size=1, max_size=2).map(lambda some: _bend(sample, some))


def _bend(sample, bends):
    body = json.loads(json.dumps(sample))
    for place, is_gone, value in bends:
        holders = _holders(body)
        if not holders:
            break
        holder, key = holders[place % len(holders)]
        if is_gone:
            del holder[key]
        else:
            holder[key] = value
    return json.dumps(body).encode()


def _holders(value):
    keys = (
        list(value)
        if isinstance(value, dict)
        else list(range(len(value)))
        if isinstance(value, list)
        else []
    )
    found = [(value, key) for key in keys]
    for key in keys:
        found += _holders(value[key])
    return found
