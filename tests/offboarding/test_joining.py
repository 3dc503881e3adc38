from dataclasses import replace
from datetime import timedelta

import pytest
from factories import NOON, a_case, a_departure
from hypothesis import given
from hypothesis import strategies as st

from workers.offboarding.errors import Reason
from workers.offboarding.joining import folded, widest
from workers.offboarding.model import Leaver, OpenedBy, Scope, Told

DAY = timedelta(days=1)
names = st.lists(st.sampled_from(["a", "b", "c"]), max_size=2, unique=True)
scopes = st.none() | st.builds(
    Scope, st.builds(tuple, names), st.builds(tuple, names)
).filter(lambda scope: scope != Scope())
departures = st.builds(
    lambda scope, days: a_departure(
        # A source that says another date is another source here: of one and the same
        # the last word counts, and then the order matters.
        source=f"source of {days}",
        scope=scope,
        effective_at=None if days is None else NOON + days * DAY,
    ),
    scopes,
    st.none() | st.integers(-2, 9),
)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (Scope(("a",)), None, None),
        (Scope(("a",)), Scope(("b",)), Scope(("a", "b"))),
        (Scope(("a",), ("g",)), Scope(("a",), ("h",)), Scope(("a",), ("g", "h"))),
        (Scope(("a",), ("g",)), Scope(("a",)), Scope(("a",))),
        (Scope(("a",)), Scope((), ("g",)), None),
        (Scope(("a",), ("g",)), Scope(("b",), ("h",)), Scope(("a", "b"), ("g", "h"))),
    ],
)
def test_the_widest_scope_covers_both(one, other, both):
    assert widest(one, other) == both
    assert widest(other, one) == both


@given(scopes, scopes, scopes)
def test_a_scope_covers_whatever_went_into_it_in_any_order(one, other, third):
    wide = widest(widest(one, other), third)

    assert wide == widest(one, widest(other, third))
    assert all(part is None or is_within(part, wide) for part in (one, other, third))
    assert None not in (one, other, third) or wide is None


@given(st.lists(departures, min_size=1, max_size=4), st.randoms())
def test_any_order_and_repetition_of_departures_ends_in_the_same_case(found, chance):
    case = a_case(starts_at=NOON + 5 * DAY, effective_at=NOON + 6 * DAY)
    shuffled = found + found[:2]
    chance.shuffle(shuffled)

    one = folded(with_joined(case, found), DAY, NOON)
    other = folded(with_joined(case, shuffled), DAY, NOON)

    assert replace(one, told=()) == replace(other, told=())
    assert set(one.told) == set(other.told)


def is_within(inner, outer):
    """Tell whether everything *inner* covers is covered by *outer* (None: all)."""
    if outer is None:
        return True
    sides = (
        (inner.regions, outer.regions),
        (inner.resource_groups, outer.resource_groups),
    )
    return all(
        not wide or (narrow and set(narrow) <= set(wide)) for narrow, wide in sides
    )


def with_joined(case, found):
    return a_case(
        scope=Scope(("a",), ("b",)),
        starts_at=case.starts_at,
        effective_at=case.effective_at,
        departures=tuple(found),
    )


def scheduled(*joined):
    return a_case(
        effective_at=NOON + 9 * DAY,
        starts_at=NOON + 8 * DAY,
        departures=joined,
    )


def test_an_earlier_date_moves_the_case():
    case = folded(scheduled(a_departure(effective_at=NOON + 5 * DAY)), DAY, NOON)

    assert case.effective_at == NOON + 5 * DAY
    assert case.starts_at == NOON + 4 * DAY
    assert case.departures == ()


def test_a_later_date_of_another_source_moves_nothing():
    later = a_departure(source="okta", effective_at=NOON + 20 * DAY)

    case = folded(scheduled(later), DAY, NOON)

    assert case.starts_at == NOON + 8 * DAY


@pytest.mark.parametrize(("first", "then"), [("api", "cli"), ("cli", "api")])
def test_the_command_line_may_put_off_what_was_asked_of_the_api(first, then):
    case = a_case(
        opened_by=OpenedBy(first, None),
        starts_at=NOON + DAY,
        effective_at=NOON + 2 * DAY,
    )
    later = a_departure(source=then, effective_at=NOON + 9 * DAY)

    moved = folded(replace(case, departures=(later,)), DAY, NOON)

    assert moved.effective_at == NOON + 9 * DAY


def test_a_source_may_put_off_its_own_date():
    case = folded(scheduled(a_departure(effective_at=NOON + 20 * DAY)), DAY, NOON)

    assert case.effective_at == NOON + 20 * DAY
    assert case.starts_at == NOON + 19 * DAY


def test_what_another_source_said_is_not_put_off():
    joined = (
        a_departure(source="okta", effective_at=NOON + 5 * DAY),
        a_departure(effective_at=NOON + 20 * DAY),
    )

    case = folded(scheduled(*joined), DAY, NOON)

    assert case.starts_at == NOON + 4 * DAY


def test_a_case_that_has_begun_is_not_put_off():
    later = a_departure(effective_at=NOON + 20 * DAY)

    case = folded(a_case(started_at=NOON, departures=(later,)), DAY, NOON)

    assert (case.effective_at, case.starts_at) == (NOON, NOON)


def test_a_second_address_of_the_leaver_is_kept():
    joined = a_departure(leaver=Leaver("d.lee@example.com", "IBMid-1"))

    case = folded(a_case(departures=(joined,)), DAY, NOON)

    assert case.leaver.email == "dana.lee@example.com"
    assert case.aliases == ("d.lee@example.com",)


def test_a_departure_without_a_date_starts_the_case_now_and_not_when_it_was_received():
    case = folded(scheduled(a_departure()), DAY, NOON + 3 * DAY)

    assert case.starts_at == NOON + 3 * DAY
    assert case.effective_at == NOON + 3 * DAY


def test_a_case_that_has_begun_is_not_begun_later():
    case = folded(a_case(departures=(a_departure(),)), DAY, NOON + DAY)

    assert case.starts_at == NOON


def test_a_departure_adds_the_name_the_case_did_not_know():
    joined = a_departure(leaver=Leaver(iam_id="IBMid-1", name="Dana Lee"))

    case = folded(a_case(departures=(joined,)), DAY, NOON)

    assert case.leaver == Leaver("dana.lee@example.com", "IBMid-1", "Dana Lee")


def test_departures_that_name_two_identities_are_noted():
    joined = a_departure(leaver=Leaver("dana.lee@example.com", "IBMid-2"))
    known = Leaver("dana.lee@example.com", "IBMid-1")

    case = folded(a_case(leaver=known, departures=(joined,)), DAY, NOON)

    assert [note.reason for note in case.warnings] == [Reason.AMBIGUOUS_PERSON]
    assert case.leaver == known


def test_of_two_dates_of_one_source_that_counts_which_it_gave_last():
    said_first = a_departure(effective_at=NOON + 3 * DAY, occurred_at=NOON)
    said_last = a_departure(
        effective_at=NOON + 9 * DAY, occurred_at=NOON + timedelta(hours=1)
    )
    case = a_case(
        told=(Told("standard", NOON + 5 * DAY, NOON - DAY),),
        starts_at=NOON + 4 * DAY,
        effective_at=NOON + 5 * DAY,
    )

    in_order = replace(case, departures=(said_first, said_last))
    late = replace(case, departures=(said_last, said_first))

    assert folded(in_order, DAY, NOON).effective_at == NOON + 9 * DAY
    assert folded(late, DAY, NOON).effective_at == NOON + 9 * DAY


def test_a_departure_that_says_less_of_when_it_happened_counts_as_it_comes():
    case = a_case(
        told=(Told("standard", NOON + 5 * DAY, NOON),), starts_at=NOON + 4 * DAY
    )
    undated = a_departure(effective_at=NOON + 9 * DAY)

    moved = folded(replace(case, departures=(undated,)), DAY, NOON)

    assert moved.effective_at == NOON + 9 * DAY


def test_further_e_mails_and_the_account_somebody_is_gone_from_are_kept():
    case = a_case(aliases=("dana@old.example.com",))
    joined = a_departure(
        leaver=Leaver("d.lee@example.com"),
        aliases=("dana.lee@example.com", "dl@example.com"),
        gone_from="acct1",
    )

    found = folded(replace(case, departures=(joined,)), DAY, NOON)

    assert found.aliases == (
        "d.lee@example.com",
        "dana@old.example.com",
        "dl@example.com",
    )
    assert (found.gone_from, found.has_dead_keys) == (("acct1",), True)
