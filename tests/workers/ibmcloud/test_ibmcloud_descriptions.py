"""A description names exactly one target, or none: never a part of a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.ibmcloud.descriptions import Place, place_in

PROD = "5c49eabcf5e85881a37e2d100a33b3df"
SANDBOX = "9a1b2c3d4e5f60718293a4b5c6d7e8f9"
ACCOUNT = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"
REGIONS = {
    "us-south": "us-south",
    "us-east": "us-east",
    "eu-de": "eu-de",
    "eu-central": "eu-de",
    "eu-gb": "eu-gb",
    "uk-south": "eu-gb",
    "jp-tok": "jp-tok",
    "ap-north": "jp-tok",
    "au-syd": "au-syd",
}
NOISE = ["API", "key", "for", "the", "cluster", "api-key", "in-use", "2026-02-01", "#7"]

regions = st.sampled_from(sorted(REGIONS))
group_ids = st.text("0123456789abcdef", min_size=32, max_size=32)
separators = st.sampled_from([" ", ", ", ": ", " / ", "; ", "=", "\n", " (", ")", "_"])


def like_region(region):
    changes = [f"{region}-2", f"{region}2", f"x{region}", f"-{region}", f"{region}-"]
    return st.sampled_from([*changes, region.upper(), region[:-1]])


def like_id(group_id):
    changes = [f"{group_id}0", f"a{group_id}", f"{group_id}{group_id}", group_id[:-1]]
    return st.sampled_from([*changes, f"Z{group_id}", f"{group_id}é"])


@st.composite
def sentences(draw, *words):
    """The words in any order, other ones between them."""
    noise = draw(st.lists(st.sampled_from(NOISE), max_size=5))
    ordered = draw(st.permutations([*words, *noise]))
    text = ""
    for word in ordered:
        text += word + draw(separators)
    return text


@given(st.data(), regions, group_ids)
def test_one_region_and_one_group_are_found_in_any_words(data, region, group_id):
    text = data.draw(sentences(region, group_id))

    assert place_in(text) == Place(REGIONS[region], group_id)


@given(st.data(), regions, regions, group_ids)
def test_two_regions_are_one_only_where_they_are_the_same(data, one, other, group_id):
    text = data.draw(sentences(one, other, group_id))
    expected = REGIONS[one] if REGIONS[one] == REGIONS[other] else None

    assert place_in(text) == Place(expected, group_id)


@given(st.data(), regions, group_ids, group_ids)
def test_two_groups_are_no_group(data, region, one, other):
    text = data.draw(sentences(region, one, other))

    assert place_in(text).group_id == (one if one == other else None)


@given(st.data(), regions, group_ids)
def test_what_only_looks_like_a_region_or_an_id_is_never_taken_for_it(
    data, region, group_id
):
    text = data.draw(
        sentences(data.draw(like_region(region)), data.draw(like_id(group_id)))
    )

    place = place_in(text)

    assert place.region != REGIONS[region]
    assert place.group_id is None


def as_the_script_does(text, region, group_id):
    """Match as the published reset script does: both are somewhere in the text."""
    return region in text and group_id in text


@given(st.data(), regions, group_ids)
def test_whatever_we_find_the_script_finds_too(data, region, group_id):
    text = data.draw(sentences(region, group_id))

    assert place_in(text) == Place(REGIONS[region], group_id)
    assert as_the_script_does(text, region, group_id)


@given(
    st.data(),
    st.sampled_from(["us-south", "eu-de"]),
    st.sampled_from(["-2", "-1", "x", "0"]),
    group_ids,
)
def test_the_script_takes_another_regions_key_and_we_do_not(
    data, region, more, group_id
):
    text = data.draw(sentences(f"{region}{more}", group_id))

    assert as_the_script_does(text, region, group_id)
    assert place_in(text) != Place(region, group_id)


@given(st.data(), regions, group_ids, st.text("0123456789abcdef", min_size=1))
def test_the_script_finds_an_id_in_a_longer_number_and_we_do_not(
    data, region, group_id, more
):
    text = data.draw(sentences(region, f"{group_id}{more}"))

    assert as_the_script_does(text, region, group_id)
    assert place_in(text).group_id is None


@given(st.text())
def test_no_text_at_all_makes_it_fail(text):
    place_in(text)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("region us-south-2", "us-south-2"),
        ("region eu-de-1", "eu-de-1"),
        ("xx-nrd region", "xx-nrd"),
        ("us-south and xx-nrd", "us-south"),
        ("xx-nrd and yy-nrd", None),
        ("api-key of my-user, in-use, re-issued, eu-prod", None),
        ("us-south2 xus-south us-south-", None),
        ("", None),
    ],
)
def test_a_region_we_do_not_know_is_told_by_its_shape_where_none_is_known(text, region):
    assert place_in(text).region == region


def test_a_region_in_use_here_is_known_whatever_its_shape():
    text = f"Region {PROD} xx-nrd"

    assert place_in(text, regions=["Region"]) == Place("Region", PROD)


def test_the_accounts_own_id_is_no_resource_groups():
    text = f'{{"region":"us-south","rg":"{PROD}","account":"{ACCOUNT}"}}'

    assert place_in(text) == Place("us-south", None)
    assert place_in(text, no_groups=[ACCOUNT]) == Place("us-south", PROD)
