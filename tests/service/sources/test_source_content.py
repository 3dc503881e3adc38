import pytest

from service.errors import MalformedError
from service.sources.content import digest_of


def test_the_same_content_in_another_order_has_the_same_digest():
    assert digest_of({"a": 1, "b": [2]}) == digest_of({"b": [2], "a": 1})
    assert digest_of({"a": 1, "b": [2]}) != digest_of({"a": 1, "b": [3]})
    assert len(digest_of(None)) == 32


def test_what_is_nested_too_deep_is_malformed():
    value = "x"
    for _ in range(100_000):
        value = [value]

    with pytest.raises(MalformedError):
        digest_of(value)
