import pytest

from workers.offboarding.values import email_in


@pytest.mark.parametrize(
    "text", ["\N{KELVIN SIGN}im@example.com", "kim@\N{KELVIN SIGN}.example"]
)
def test_no_other_sign_stands_for_a_letter_of_an_email(text):
    assert email_in(text) is None


def test_an_email_is_trimmed_and_lower_cased():
    assert email_in(" Kim@Example.com ") == "kim@example.com"
