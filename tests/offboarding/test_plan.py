from dataclasses import replace

from factories import (
    DALLAS,
    DANA,
    FID,
    FRANKFURT,
    NOON,
    ROBIN,
    TOKYO,
    a_case,
    a_case_target,
    a_person,
)
from fakes import a_world

from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    KeyOwner,
    Leaver,
    NoOwner,
    Outcome,
    Step,
    Unread,
    Work,
)
from workers.offboarding.plan import Resolved, hash_of, refusals, who_is
from workers.offboarding.view import Seen, View

DANA_BY_MAIL = Leaver("dana.lee@example.com")
DANA_KNOWN = Leaver("dana.lee@example.com", "IBMid-1", "Dana Lee")


def a_view(*people, seen=()):
    return View("acct1", tuple(people), tuple(seen))


def resolved(leaver, *names):
    return Resolved(leaver, (str(leaver.iam_id),), names)


def test_a_leaver_is_found_by_the_e_mail_of_the_user_list():
    found = who_is(DANA_BY_MAIL, [a_view(a_person(DANA), a_person(ROBIN))])

    assert found.leaver == DANA_KNOWN
    assert not found.is_ambiguous


def test_a_leaver_is_found_by_login_in_any_case_of_letters():
    login = a_person(DANA, email="d@example.com", user_id="Dana.Lee@Example.com")

    found = who_is(DANA_BY_MAIL, [a_view(login)])

    assert found.leaver.iam_id == "IBMid-1"
    assert found.names == ("d@example.com", "dana.lee@example.com")


def test_who_was_removed_already_is_found_by_the_name_on_a_key():
    found = who_is(DANA_BY_MAIL, [a_view(seen=[Seen(DALLAS, DANA)])])

    assert found.leaver == DANA_KNOWN


def test_a_part_of_an_e_mail_is_nobody():
    longer = a_person(DANA, email="xdana.lee@example.com", user_id=None)

    found = who_is(DANA_BY_MAIL, [a_view(longer)])

    assert found.leaver == DANA_BY_MAIL
    assert found.candidates == ()


def test_a_display_name_names_nobody():
    namesake = KeyOwner("IBMid-7", "dana.lee@example.com")

    found = who_is(DANA_BY_MAIL, [a_view(seen=[Seen(DALLAS, namesake)])])

    assert found.leaver.iam_id is None


def test_two_people_of_one_e_mail_are_two_candidates():
    twin = a_person(ROBIN, email="dana.lee@example.com")

    found = who_is(DANA_BY_MAIL, [a_view(a_person(DANA), twin)])

    assert found.is_ambiguous
    assert found.candidates == ("IBMid-1", "IBMid-2")
    assert found.leaver.iam_id is None


def test_two_accounts_that_know_different_people_by_one_e_mail_are_two_candidates():
    twin = a_person(ROBIN, email="dana.lee@example.com")

    found = who_is(DANA_BY_MAIL, [a_view(a_person(DANA)), a_view(twin)])

    assert found.candidates == ("IBMid-1", "IBMid-2")


def test_an_iam_id_is_taken_exactly_as_it_came():
    found = who_is(Leaver(iam_id="ibmid-1"), [a_view(a_person(DANA))])

    assert found.leaver == Leaver(iam_id="ibmid-1")


def test_an_iam_id_decides_between_two_people_of_one_e_mail():
    twin = a_person(ROBIN, email="dana.lee@example.com")

    found = who_is(DANA_KNOWN, [a_view(a_person(DANA), twin)])

    assert found.candidates == ("IBMid-1",)


def test_an_iam_id_with_an_e_mail_of_somebody_else_is_two_people():
    leaver = Leaver("robin.park@example.com", "IBMid-1")

    found = who_is(leaver, [a_view(a_person(DANA), a_person(ROBIN))])

    assert found.candidates == ("IBMid-1", "IBMid-2")


def test_the_plan_has_the_leavers_targets_and_the_unread_ones():
    owners = {FRANKFURT: Unread(Reason.NO_ROLE), TOKYO: ROBIN}
    world = a_world(DALLAS, FRANKFURT, TOKYO, owners=owners)

    picked = world.settle().targets

    assert {one.target: one.owner_before for one in picked} == {
        DALLAS: DANA,
        FRANKFURT: None,
    }


def test_a_target_that_plainly_has_no_key_is_nobodys():
    world = a_world(DALLAS, owners={DALLAS: NoOwner()})

    assert world.settle().targets == ()


def test_a_leaver_nobody_knows_owns_nothing():
    world = a_world(DALLAS)

    case = world.settle(a_case(leaver=Leaver("x@example.com")))

    assert case.targets == ()


def test_a_hash_does_not_depend_on_the_order_of_the_targets():
    one, other = a_case_target(DALLAS), a_case_target(FRANKFURT)

    assert hash_of(DANA_KNOWN, [one, other]) == hash_of(DANA_KNOWN, [other, one])


def test_a_hash_is_that_of_this_plan_for_good():
    assert hash_of(DANA_KNOWN, [a_case_target(DALLAS)]) == (
        "sha256:7758beff1dc590c9466abbd56364417bab56d83909ba748143595b4d3692a193"
    )


def test_a_hash_changes_with_the_leaver_the_target_and_who_takes_over():
    plain = a_case_target(DALLAS)
    hashes = {
        hash_of(DANA_KNOWN, [plain]),
        hash_of(replace(DANA_KNOWN, iam_id="IBMid-2"), [plain]),
        hash_of(DANA_KNOWN, [a_case_target(FRANKFURT)]),
        hash_of(DANA_KNOWN, [replace(plain, functional_id=ROBIN)]),
        hash_of(DANA_KNOWN, [replace(plain, owner_before=None)]),
    }

    assert len(hashes) == 5


def test_a_hash_does_not_change_with_what_happens_to_the_targets():
    plain = a_case_target(DALLAS)
    done = plain.ended(Outcome.VERIFIED, NOON)

    assert hash_of(DANA_KNOWN, [plain]) == hash_of(DANA_KNOWN, [done])


def test_nothing_stops_the_plan_of_an_ordinary_person():
    stops = refusals(resolved(DANA_KNOWN), protected=("boss@example.com",), ours=[FID])

    assert stops == ()


def test_two_candidates_stop_the_plan_and_are_named():
    found = Resolved(DANA_BY_MAIL, ("IBMid-1", "IBMid-2"))

    (note,) = refusals(found, protected=(), ours=[])

    assert note.reason is Reason.AMBIGUOUS_PERSON
    assert note.text == (
        "dana.lee@example.com may be any of IBMid-1, IBMid-2. Name one by its IAM ID."
    )


def test_a_protected_person_stops_the_plan_by_e_mail_by_id_and_by_any_other_name():
    by_mail = refusals(
        resolved(DANA_KNOWN), protected=("Dana.Lee@example.com",), ours=[]
    )
    by_id = refusals(resolved(DANA_KNOWN), protected=("IBMid-1",), ours=[])
    by_login = refusals(
        resolved(DANA_KNOWN, "boss@example.com"),
        protected=("boss@example.com",),
        ours=[],
    )

    reasons = [note.reason for note in (*by_mail, *by_id, *by_login)]
    assert reasons == [Reason.PROTECTED_USER] * 3


def test_our_own_identities_stop_the_plan_by_id_and_by_e_mail():
    by_id = refusals(resolved(Leaver(iam_id="IBMid-9")), protected=(), ours=[FID])
    by_mail = refusals(
        Resolved(Leaver("fid@example.com"), ()), protected=(), ours=[FID]
    )

    assert [note.reason for note in by_id] == [Reason.PROTECTED_USER]
    assert [note.reason for note in by_mail] == [Reason.PROTECTED_USER]


def test_a_plan_leads_to_a_reset_of_each_target_that_has_no_outcome():
    ended = a_case_target(TOKYO).ended(Outcome.UNREAD, NOON)
    case = a_case(a_case_target(DALLAS), a_case_target(FRANKFURT), ended)

    assert case.after(Step.PLAN) == (
        Work("01CASE", Step.RESET, "acct1/us-south/payments-id"),
        Work("01CASE", Step.RESET, "acct1/eu-de/payments-id"),
    )


def test_a_target_with_an_intent_leads_to_verify_and_never_to_a_second_reset():
    case = a_case(a_case_target(DALLAS, intent_at=NOON))

    verify = (Work("01CASE", Step.VERIFY, DALLAS.id),)
    assert case.after(Step.PLAN) == verify
    assert case.after(Step.RESET, DALLAS.id) == verify


def test_a_finished_step_leads_to_its_own_successor_and_never_to_a_siblings():
    case = a_case(a_case_target(DALLAS), a_case_target(FRANKFURT, intent_at=NOON))

    assert case.after(Step.VERIFY, FRANKFURT.id) == (
        Work("01CASE", Step.VERIFY, FRANKFURT.id),
    )


def test_a_settled_target_leads_to_nothing():
    case = a_case(a_case_target(DALLAS, intent_at=NOON).ended(Outcome.VERIFIED, NOON))

    assert case.after(Step.VERIFY, DALLAS.id) == ()
