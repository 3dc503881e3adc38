"""Break each rule on purpose, in a copy, and see its tests fail.

A test that cannot fail is worthless. Each bug is put alone into a copy of the tree; the
rule tests run there, and at least one has to fail. Not a part of the test suite: run it
after changing a rule, or the code a rule rests on.

    .venv/bin/python scripts/break_rules.py
    .venv/bin/python scripts/break_rules.py fence lease    # bugs with such a word
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
COPIED: Final = (
    "config",
    "service",
    "workers",
    "simulator",
    "tests",
    "pyproject.toml",
)
TESTS: Final = tuple(
    f"tests/offboarding/test_{name}.py"
    for name in (
        "rules",
        "seeing_all",
        "emptiness",
        "remembering",
        "survey",
        "gate",
        "deciding",
        "canary",
        "adopting",
        "races",
        "retirement",
        "heard",
        "joining",
        "foreseeing",
    )
)
# What is no rule of the domain's is tried by the tests of its own room.
DOORS: Final = "tests/service/sources/test_source"
DESK: Final = ("tests/workers/desk/test_desk_withdrawing.py",)
STORE: Final = "tests/workers/store/test_store"
# What only histories of several workers, or of several cases, show.
CHAOS: Final = "tests/chaos/test_chaos.py::test"
LEASES: Final = (f"{CHAOS}_nobody_writes_under_a_lease_that_another_has_by_then",)
TWICE: Final = (f"{CHAOS}_no_call_of_the_store_acts_twice_when_it_is_repeated",)
SILENT: Final = ("tests/offboarding/test_silent_account.py",)
DIGESTED: Final = ("tests/workers/test_digesting.py",)
TOLD_TOGETHER: Final = ("tests/workers/test_crowding.py",)
BY_ACCOUNT: Final = ("tests/offboarding/test_approvers.py",)
STEPS: Final = "workers/offboarding/steps"
# Without a bug none takes a minute.
_ENDLESS_SECONDS: Final = 300
FAILED: Final = re.compile(r"^FAILED \S+::(\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Bug:
    """One deliberate bug: in *file*, each *old* text becomes *new*; *tests* see it."""

    rule: str
    name: str
    file: str
    changes: tuple[tuple[str, str], ...]
    tests: tuple[str, ...] = TESTS


BUGS: Final = (
    Bug(
        "1",
        "ignore the pause",
        f"{STEPS}/resetting.py",
        (
            ("if tools.switches.is_paused(target.target.account_id):", "if False:"),
            ("entries=(about,), wrote=True)", "entries=(about,))"),
        ),
    ),
    Bug(
        "1",
        "go on with what a later plan stopped",
        f"{STEPS}/resetting.py",
        (("if not case.may_be_reset(target):", "if False:"),),
    ),
    Bug(
        "1",
        "take a service that is not armed for one that is",
        f"{STEPS}/planning.py",
        (("if case.dry_run or tools.is_armed or", "if True or"),),
    ),
    Bug(
        "1",
        "write where preflight is red",
        f"{STEPS}/assigning.py",
        (("    if said.right is not Right.MISSING:\n", "    if True:\n"),),
    ),
    Bug(
        "1",
        "write where preflight cannot tell any more",
        f"{STEPS}/resetting.py",
        (
            (
                "return tools.lets_unknown_go or target.target.id in let_go",
                "return True",
            ),
        ),
    ),
    Bug(
        "1",
        "trust a preflight however old it is",
        f"{STEPS}/assigning.py",
        (("now - target.preflight_at < FRESH", "True"),),
    ),
    Bug(
        "1",
        "make any number of resets unasked",
        "workers/offboarding/guards.py",
        (("    if many > max_targets:\n", "    if False:\n"),),
    ),
    Bug(
        "1",
        "trust an account that shows far less than before",
        "workers/offboarding/guards.py",
        (("        notes += _little(case, looks)\n", ""),),
    ),
    Bug(
        "1",
        "let a plan go that is not the approved one",
        "workers/offboarding/guards.py",
        (("        notes += _changed(case, plan)\n", ""),),
    ),
    Bug(
        "1",
        "take an approval for any later plan",
        f"{STEPS}/weighing.py",
        (
            (
                "case.plan.hash == made.hash",
                "(case.is_approved or case.plan.hash == made.hash)",
            ),
        ),
    ),
    Bug(
        "1",
        "let people approve what they asked for",
        "workers/desk/deciding.py",
        (("            _refuse_own(case, person)\n", ""),),
    ),
    Bug(
        "1",
        "let any approver decide about an account that names its own",
        "workers/desk/deciding.py",
        (("        self._approvers.demand(person, decided_in(case))\n", ""),),
        BY_ACCOUNT,
    ),
    Bug(
        "1",
        "forget the account in which an approved plan may still write",
        "workers/offboarding/approvers.py",
        (
            (
                "    undone = (None, Outcome.PLANNED)\n",
                "    undone = (Outcome.PLANNED,)\n",
            ),
        ),
        BY_ACCOUNT,
    ),
    Bug(
        "1",
        "have a worker take the approval of somebody its file does not name",
        f"{STEPS}/weighing.py",
        (("void = tools.approvers.void(case, plan.approved_by)", "void = ()"),),
        BY_ACCOUNT,
    ),
    Bug(
        "1",
        "approve a plan by another hash",
        "workers/desk/deciding.py",
        (("        if now != plan_hash:\n", "        if False:\n"),),
    ),
    Bug(
        "1",
        "let an approver go past a protected person",
        "workers/desk/deciding.py",
        (("            _refuse_never(case)\n", ""),),
    ),
    Bug(
        "1",
        "send all together with the canary",
        "workers/offboarding/model.py",
        (("not any(one.waits_for(each) for each in first)", "True"),),
    ),
    Bug(
        "1",
        "go on after the canary failed",
        f"{STEPS}/settling.py",
        (("    if not has_failed(canary):\n", "    if True:\n"),),
    ),
    Bug(
        "1",
        "take an approval for a yes to a canary that failed after it",
        f"{STEPS}/settling.py",
        (
            (
                "replace(case.plan, approved_by=None, refused",
                "replace(case.plan, refused",
            ),
        ),
    ),
    Bug(
        "3",
        "adopt whatever the owner is by now",
        f"{STEPS}/tools.py",
        (
            (
                "    is_named = before is not None and before.id == owner_id\n",
                "    is_named = True\n",
            ),
        ),
    ),
    Bug(
        "3",
        "adopt while our own identities are not known",
        "workers/offboarding/adopting.py",
        (("    if look.is_sure:\n", "    if True:\n"),),
    ),
    Bug(
        "3",
        "adopt from one what is another's",
        "workers/offboarding/adopting.py",
        (("                owner.id == look.iam_id\n", "                True\n"),),
    ),
    Bug(
        "2",
        "undo an intent with what was read before it",
        f"{STEPS}/planning.py",
        (
            (
                "        targets=fresh,\n        untouched=changed,\n",
                "        targets=(*fresh, *changed),\n",
            ),
        ),
    ),
    Bug(
        "7",
        "retire what may be the key in use",
        "workers/offboarding/retirement.py",
        (("        and one.created_at < until\n", ""),),
    ),
    Bug(
        "7",
        "retire a locked key",
        "workers/offboarding/retirement.py",
        (("        and not one.is_locked\n", ""),),
    ),
    Bug(
        "7",
        "open the gate before an adoption has settled in",
        "workers/offboarding/gate.py",
        (("        *_settling_in(asked, resolved, cases),\n", ""),),
    ),
    Bug(
        "3",
        "skip the re-read",
        f"{STEPS}/resetting.py",
        (("ended = _no_longer_theirs(tools, case, target, now)", "ended = None"),),
    ),
    Bug(
        "1",
        "send a reset by settings that do not hold any more",
        f"{STEPS}/resetting.py",
        (("    if not tools.is_in_force():\n", "    if False:\n"),),
        ("tests/offboarding/test_settings_changed.py",),
    ),
    Bug(
        "4",
        "reset for somebody protected since the plan",
        f"{STEPS}/resetting.py",
        (("    _refuse_protected(tools, case, now)\n", ""),),
        ("tests/offboarding/test_settings_changed.py",),
    ),
    Bug(
        "12",
        "take a key of another identity while the old one is good",
        "workers/ibmcloud/tokens.py",
        (("            self._check_same(token.claims)\n", ""),),
        ("tests/workers/ibmcloud/test_ibmcloud_rotation.py",),
    ),
    Bug(
        "4",
        "act on the first of two candidates",
        "workers/offboarding/plan.py",
        (
            ("    if len(ids) != 1:\n", "    if not ids:\n"),
            ("iam_id=next(iter(ids)))", "iam_id=min(ids))"),
        ),
    ),
    Bug(
        "4",
        "know a protected user by one name only",
        "workers/offboarding/plan.py",
        ((", *resolved.names)", ")"),),
    ),
    Bug(
        "5",
        "compare with the leaver instead of the functional ID",
        f"{STEPS}/verifying.py",
        (
            (
                "if target.functional_id is not None and owner.id == "
                "target.functional_id.id:",
                "if owner.id != case.leaver.iam_id:",
            ),
        ),
    ),
    Bug(
        "5",
        "report verified on 204",
        f"{STEPS}/resetting.py",
        (
            (
                "    target = replace(target, reset_at=done_at, tries=0)\n",
                "    target = replace(target, reset_at=done_at, tries=0)\n"
                "    target = target.ended(Outcome.VERIFIED, done_at)\n",
            ),
        ),
    ),
    Bug(
        "6",
        "send again after a lost answer",
        f"{STEPS}/resetting.py",
        (
            (
                "moved(claim, case, target, lost)",
                "moved(claim, case, replace(target, intent_at=None), lost)",
            ),
        ),
    ),
    Bug(
        "6",
        "send a third time",
        f"{STEPS}/verifying.py",
        ((" and target.disproved == 0:", ":"),),
    ),
    Bug(
        "3",
        "take the owner index for a reading",
        f"{STEPS}/remembering.py",
        (
            (
                "same = untouched(mine, keys) if isinstance(keys, tuple) else ()",
                "same = tuple(mine)",
            ),
        ),
    ),
    Bug(
        "7",
        "remember an owner though a key was made since",
        "workers/offboarding/remembered.py",
        (
            (
                "if owner is None or not here or not _is_untouched(one, listed):",
                "if owner is None or not here:",
            ),
        ),
        ("tests/offboarding/test_remembered.py",),
    ),
    Bug(
        "7",
        "go by a key list that is not whole",
        "workers/offboarding/remembered.py",
        (
            (
                "if view.keys is None or not view.has_keys or not sees_all:",
                "if view.keys is None:",
            ),
        ),
        ("tests/offboarding/test_remembered.py",),
    ),
    Bug(
        "7",
        "go by the key list for somebody who is gone",
        f"{STEPS}/planning.py",
        (
            (
                "return judged(read_again(cloud, view))",
                "return view",
            ),
        ),
        ("tests/offboarding/test_remembered.py",),
    ),
    Bug(
        "7",
        "go by the key list for somebody who was invited again",
        "workers/offboarding/remembered.py",
        (
            ("iam_id in view.keys.owners_of(one.target.place)", "True"),
            ("one.added_at >= since", "False"),
        ),
        ("tests/offboarding/test_remembered.py",),
    ),
    Bug(
        "7",
        "list the users before the keys that speak for them",
        "workers/offboarding/discovery.py",
        (("before = keys if index is not None else None", "before = None"),),
        ("tests/offboarding/test_remembered.py",),
    ),
    Bug(
        "3",
        "send a reset that waited too long after its last look",
        f"{STEPS}/resetting.py",
        (("if not ready.is_fresh:", "if False:"),),
    ),
    Bug(
        "4",
        "act in an account whose user list was not read",
        f"{STEPS}/identifying.py",
        (("return not needs_people or view.has_people", "return True"),),
    ),
    Bug(
        "4",
        "let an IAM ID that an e-mail led to decide between two",
        "workers/offboarding/plan.py",
        (("{(named or leaver).iam_id, *mapped}", "{leaver.iam_id, *mapped}"),),
    ),
    Bug(
        "7",
        "take unread for nobody's",
        "workers/offboarding/judging.py",
        (
            (
                "            return _unread(look, one, one.reading)\n",
                "            return None\n",
            ),
        ),
    ),
    Bug(
        "7",
        "take an unreadable list for an empty one",
        "workers/offboarding/warnings.py",
        (
            (
                "[note for one in looks for note in _about(one, one.view.unseen)]",
                "list[Note]()",
            ),
        ),
    ),
    Bug(
        "7",
        "look no more for what an earlier look could not see",
        f"{STEPS}/planning.py",
        (
            (
                "[view for look, view in pairs if look.view.is_final]",
                "[view for _, view in pairs]",
            ),
        ),
        SILENT,
    ),
    Bug(
        "7",
        "go by a user list that was read too long ago",
        f"{STEPS}/remembering.py",
        (
            (
                "return read_at is not None and at - read_at <= tools.index_life",
                "return read_at is not None",
            ),
        ),
        SILENT,
    ),
    Bug(
        "7",
        "take a key list without our own key for a whole one",
        "workers/offboarding/discovery.py",
        (("    if keys.has_own:\n", "    if True:\n"),),
    ),
    Bug(
        "7",
        "see no key that has no cluster",
        "workers/offboarding/judging.py",
        (("[*_listed_only(look, scope), *_rem", "[*_rem"),),
    ),
    Bug(
        "7",
        "call a target nobody's though its key may be hidden",
        "workers/offboarding/doubts.py",
        ((" or not view.is_proven:", ":"),),
    ),
    Bug(
        "7",
        "call a key list whole that lacks a seen owner's key",
        "workers/offboarding/doubts.py",
        (
            (
                "hidden, lacking = _without_clusters(view), _without_keys(view)",
                "hidden, lacking = _without_clusters(view), list[Note]()",
            ),
        ),
    ),
    Bug(
        "7",
        "pass over a classic credential of the leaver",
        "workers/offboarding/judging.py",
        (("    named = set(look.leaver.names)\n", "    named = set[str]()\n"),),
    ),
    Bug(
        "7",
        "open the gate without proven rights",
        "workers/offboarding/warnings.py",
        (
            (
                "if view.visibility is None or view.visibility.is_proven:",
                "if view.visibility is not None:",
            ),
        ),
    ),
    Bug(
        "7",
        "forget what an unreadable list showed before",
        "workers/offboarding/survey.py",
        ((", *hidden),", "),"),),
    ),
    Bug(
        "7",
        "believe an empty list though IAM lists keys",
        "workers/offboarding/emptiness.py",
        (("if keys else []", "if False else []"),),
    ),
    Bug(
        "7",
        "believe an empty list though surveys saw targets",
        "workers/offboarding/emptiness.py",
        (("    if targets:\n", "    if False:\n"),),
    ),
    Bug(
        "7",
        "believe one empty list where nothing else speaks for it",
        "workers/offboarding/emptiness.py",
        (("if not why and not _is_borne_out(view, known):", "if False:"),),
    ),
    Bug(
        "7",
        "have a key list bear an empty list out for who was removed",
        "workers/offboarding/emptiness.py",
        (
            (
                "is_there = known.iam_id in people and not known.is_gone",
                "is_there = True",
            ),
        ),
    ),
    Bug(
        "7",
        "believe an empty list before its day is over",
        "workers/offboarding/emptiness.py",
        ((" and at - since >= LONG_EMPTY", ""),),
    ),
    Bug(
        "7",
        "take a failed list for an empty one that was seen",
        "workers/offboarding/emptiness.py",
        (("return view.has_clusters and not view.places", "return not view.places"),),
    ),
    Bug(
        "7",
        "forget over an empty list what a survey saw before",
        "workers/offboarding/survey.py",
        (
            (
                "    view = doubted_if_empty(view, Known",
                "    doubted_if_empty(view, Known",
            ),
        ),
    ),
    Bug(
        "7",
        "open the gate over an empty list",
        "workers/offboarding/gate.py",
        (("view=doubted_if_empty(view, known)", "view=view"),),
    ),
    Bug(
        "7",
        "end over an empty list what the next look may show",
        "workers/offboarding/judging.py",
        (
            (
                "            yield LATER\n            continue\n        when =",
                "            pass\n        when =",
            ),
        ),
    ),
    Bug(
        "7",
        "take a restricted user list for a whole one",
        "workers/offboarding/discovery.py",
        (("view.visibility.users is Right.MISSING", "view.visibility.users == 0"),),
    ),
    Bug(
        "7",
        "take an owner under an unknown id for somebody else",
        "workers/offboarding/judging.py",
        (("return owner.email.lower() in look.leaver.names", "return False"),),
    ),
    Bug(
        "7",
        "let a second, empty departure open the gate",
        "workers/offboarding/gate.py",
        (
            (
                "            why = _unsettled(case, asked.settle, asked.at)\n"
                "        else:",
                '            why = ""\n        else:',
            ),
        ),
    ),
    Bug(
        "4",
        "begin by e-mail beside an account nobody surveyed",
        f"{STEPS}/remembering.py",
        (("if len(fresh) < len(indexes) and not", "if False and not"),),
    ),
    Bug(
        "4",
        "retry what was only doubted",
        "workers/desk/cases.py",
        (
            ("[one for one in anew if one.was_planned]", "[*anew]"),
            ("[one for one in anew if not one.was_planned]", "list[CaseTarget]()"),
        ),
    ),
    Bug(
        "9",
        "use resets in a dry run",
        f"{STEPS}/resetting.py",
        (("account.resets is None or case.dry_run:", "account.resets is None:"),),
    ),
    Bug(
        "12",
        "get the token after the last look",
        f"{STEPS}/resetting.py",
        (
            (
                "        ready = resets.prepare(target.target, taker)\n",
                "        pass\n",
            ),
            ("    _check_identity(case, target, ready.identity)\n", ""),
            ("    if not ready.is_fresh:\n", "    if False:\n"),
            (
                "    return _send(tools, claim, case, target, ready, timedelta(",
                "    ready = resets.prepare(target.target, taker)\n"
                "    _check_identity(case, target, ready.identity)\n"
                "    return _send(tools, claim, case, target, ready, timedelta(",
            ),
        ),
    ),
    Bug(
        "12",
        "get the token after the intent",
        f"{STEPS}/resetting.py",
        (
            (
                "        request_id = ready.send()\n",
                "        resets = tools.accounts[target.target.account_id].resets\n"
                "        assert resets is not None and target.functional_id\n"
                "        ready = resets.prepare(target.target, target.functional_id)\n"
                "        request_id = ready.send()\n",
            ),
        ),
    ),
    Bug(
        "12",
        "let any identity reset",
        f"{STEPS}/resetting.py",
        (("    _check_identity(case, target, ready.identity)\n", ""),),
    ),
    Bug(
        "4",
        "tell whom we keep to go, at the gate",
        "workers/offboarding/gate.py",
        (("    if refused:\n", "    if resolved.is_ambiguous:\n"),),
    ),
    Bug(
        "7",
        "call a name safe that nobody knows",
        "workers/offboarding/gate.py",
        (
            (
                "        *unknown_person(looks, resolved.leaver, knows=knows),\n",
                "",
            ),
        ),
    ),
    Bug(
        "7",
        "take who is listed by address alone for gone",
        "workers/offboarding/survey.py",
        (("or (address and address in one.addresses)", ""),),
    ),
    Bug(
        "7",
        "take who left one of two accounts for gone",
        "workers/offboarding/exposure.py",
        (("has_left=all(", "has_left=any("),),
    ),
    Bug(
        "7",
        "say of who may be hidden that they are gone",
        "workers/offboarding/view.py",
        (("return self.has_people and sees_all", "return self.has_people"),),
    ),
    Bug(
        "4",
        "take a suspension for a departure",
        "workers/offboarding/heard.py",
        (("if heard.kind is HeardKind.SUSPENDED:", "if False:"),),
    ),
    Bug(
        "4",
        "act on the first of two people whom an event names",
        "workers/offboarding/heard.py",
        (("if len(iam_ids) > 1 or len(entries) > 1:", "if False:"),),
    ),
    Bug(
        "4",
        "act on the actor of an event of Okta's",
        "service/sources/okta.py",
        (('event.get("target")', '[event.get("actor")]'),),
        (f"{DOORS}_okta.py",),
    ),
    Bug(
        "4",
        "act on a failed event of Okta's",
        "service/sources/okta.py",
        (('if result != "SUCCESS":', "if False:"),),
        (f"{DOORS}_okta.py",),
    ),
    Bug(
        "4",
        "act on the initiator of a removal",
        "service/sources/ibm_removal.py",
        (
            (
                'names=_names(text_at(event, "target", "name")),',
                'names=_names(text_at(event, "initiator", "id")),',
            ),
        ),
        (f"{DOORS}_ibm_activity.py",),
    ),
    Bug(
        "4",
        "act on a removal that is pending",
        "service/sources/ibm_removal.py",
        (('if outcome != "success":', 'if outcome == "failure":'),),
        (f"{DOORS}_ibm_activity.py",),
    ),
    Bug(
        "4",
        "act on who deleted somebody in IBM Verify",
        "service/sources/ibm_verify.py",
        (('text_at(data, "targetid")', 'text_at(data, "performedby")'),),
        (f"{DOORS}_ibm_verify.py",),
    ),
    Bug(
        "3",
        "take what was foreseen for what is",
        f"{STEPS}/planning.py",
        ((", joined_to=None, ahead=None", ", joined_to=None"),),
    ),
    Bug(
        "8",
        "let an older word of a source outdo its later one",
        "workers/offboarding/joining.py",
        (("and some > other", "and some < other"),),
    ),
    Bug(
        "8",
        "have any source take back what any other told",
        "workers/desk/withdrawing.py",
        (("return told.source == withdrawal.source or ", "return True or "),),
        DESK,
    ),
    Bug(
        "8",
        "cancel what happened after the cancellation",
        "workers/desk/withdrawing.py",
        (("return withdrawal.occurred_at < told.occurred_at", "return False"),),
        DESK,
    ),
    Bug(
        "8",
        "end the word of all sources with that of one",
        "workers/desk/withdrawing.py",
        (("        if left:\n", "        if False:\n"),),
        DESK,
    ),
    Bug(
        "2",
        "have a lease shorter than the call it protects",
        "workers/store/work.py",
        (("LEASE_SECONDS: Final = 60.0", "LEASE_SECONDS: Final = 10.0"),),
        (f"{STORE}_work.py",),
    ),
    Bug(
        "2",
        "have each case take a lease of its own on a target",
        "workers/store/claim.lua",
        (("local name = is_shared and", "local name = false and"),),
        (f"{STORE}_begin.py",),
    ),
    Bug(
        "2",
        "lose a fence check",
        "workers/store/finish.lua",
        (("~= asked.fence then return 'lost' end", "== -2 then return 'lost' end"),),
        (f"{STORE}_work.py", f"{STORE}_races.py"),
    ),
    Bug(
        "5",
        "report before the read-back",
        "workers/store/finish.lua",
        (("redis.call('SCARD', case .. ':pending') == 0", "true"),),
        (f"{STORE}_last_out.py",),
    ),
    Bug(
        "2",
        "lose a fence check while others go on",
        "workers/store/finish.lua",
        (("~= asked.fence then return 'lost' end", "== -2 then return 'lost' end"),),
        LEASES,
    ),
    Bug(
        "7",
        "take a removed person's lost key for nobody's",
        "workers/offboarding/judging.py",
        (("if not history and not look.is_gone:", "if not history:"),),
        ("tests/offboarding/test_seeing_all.py",),
    ),
    Bug(
        "2",
        "intend a reset under a lease that ran out",
        "workers/store/finish.lua",
        (("if asked.wrote and ends <= now then return 'lost' end", ""),),
        (f"{CHAOS}_nobody_intends_a_reset_under_a_lease_that_ran_out",),
    ),
    Bug(
        "2",
        "forget a reset that another case has out",
        "workers/store/finish.lua",
        (("if begun and not ended then return 'under_way' end", ""),),
        (f"{CHAOS}_two_cases_never_have_a_reset_of_one_target_out_at_once",),
    ),
    Bug(
        "6",
        "forget which writes are done",
        "workers/store/finish.lua",
        (("if held[3] == asked.op then return held[4] end", ""),),
        TWICE,
    ),
    Bug(
        "8",
        "forget that a case was opened",
        "workers/store/open.lua",
        (("if redis.call('EXISTS', case) == 1 then", "if false then"),),
        TWICE,
    ),
    Bug(
        "8",
        "forget what a person decided",
        "workers/store/turn.lua",
        (("if redis.call('HGET', case, 'turn') == asked.op then return 'ok' end", ""),),
        TWICE,
    ),
    Bug(
        "2",
        "forget who was given a claim",
        "workers/store/claim.lua",
        (("if held[2] == asked.token then", "if false then"),),
        TWICE,
    ),
    Bug(
        "5",
        "ask for a report before the read-back",
        "workers/store/finish.lua",
        (("redis.call('SCARD', case .. ':pending') == 0", "true"),),
        (f"{CHAOS}_no_report_is_asked_for_before_the_last_read_back",),
    ),
    Bug(
        "8",
        "acknowledge before storing",
        "service/routes/hearing.py",
        (
            (
                "            found = desk.hear_as(\n"
                "                event,\n"
                "                request_id=g.request_id,\n"
                '                delivery_sha256=g.get("delivery_sha256"),\n'
                "                delivered_at=delivered_at,\n"
                "            )\n",
                "            from threading import Timer\n"
                "            from workers.desk.hearing import HeardAs\n"
                "            Timer(0.1, desk.hear_as, (event,)).start()\n"
                "            found = HeardAs(None)\n",
            ),
        ),
        ("tests/service/test_service_events.py",),
    ),
    Bug(
        "8",
        "drop a quarantine",
        "workers/desk/intake.py",
        (
            (
                "        return self._deliveries.keep_unreadable(\n",
                "        return key or self._deliveries.keep_unreadable(\n",
            ),
        ),
        ("tests/workers/desk/test_desk_intake.py",),
    ),
    Bug(
        "8",
        "drop a quarantine in the middle of a history",
        "workers/desk/intake.py",
        (
            (
                "        return self._deliveries.keep_unreadable(\n",
                "        return key or self._deliveries.keep_unreadable(\n",
            ),
        ),
        (f"{CHAOS}_what_was_acknowledged_is_in_a_case_or_on_a_list",),
    ),
    Bug(
        "8",
        "swallow a failed report",
        f"{STEPS}/reporting.py",
        (
            (
                "line = replace(line, tries=line.tries + 1, detail=str(error))",
                "line = replace(line, state=ReportState.SENT, tries=1)",
            ),
        ),
        ("tests/offboarding/test_delivering.py",),
    ),
    Bug(
        "8",
        "forget a case of a crowd",
        "workers/store/finish.lua",
        (
            (
                "    redis.call('ZADD', P .. 'together:crowd:' .. asked.crowd.name,\n"
                "               redis.call('INCR', P .. 'together:last'), "
                "asked.crowd.member)\n",
                "",
            ),
        ),
        TOLD_TOGETHER,
    ),
    Bug(
        "8",
        "keep a line of a crowd's case that nobody delivers",
        "workers/store/finish.lua",
        (("is_in_crowd and asked.crowd.left_out or {}", "{}"),),
        TOLD_TOGETHER,
    ),
    Bug(
        "8",
        "forget what a digest is to tell",
        "workers/store/finish.lua",
        (("if asked.digested then", "if false then"),),
        DIGESTED,
    ),
    Bug(
        "8",
        "make a digest twice",
        "workers/store/together_tell.lua",
        (
            ("~= asked.since then return 0 end", "== -1 then return 0 end"),
            ("if last and last >= asked.day then return 0 end", ""),
            ("if is_there then return 0 end", ""),
            ("return 1 end\n", "return 1 end\nif false then return 1 end\n"),
        ),
        DIGESTED,
    ),
    Bug(
        "8",
        "write of a digest that it was told before it was",
        "workers/marking.py",
        (
            ("if not self._together.is_over(notice_id, channel):", "if False:"),
            (
                "return None if line.state is ReportState.PENDING else line",
                "return NoticeLine(channel, ReportState.SENT)",
            ),
        ),
        DIGESTED,
    ),
    Bug(
        "8",
        "leave a message saying that a case goes on",
        f"{STEPS}/showing.py",
        (("    if line is None or line.root is None or", "    if case.is_over or"),),
        ("tests/offboarding/test_showing.py",),
    ),
    Bug(
        "8",
        "tell a failure before that is written",
        f"{STEPS}/showing.py",
        (("    tools.works.record(claim, Change(reports=(telling,)))\n", ""),),
        ("tests/offboarding/test_showing.py",),
    ),
    Bug(
        "8",
        "send an answer to Slack twice",
        "workers/store/late.lua",
        (("if found[1] and now < tonumber(found[2]) then return 0 end", ""),),
        (f"{STORE}_late.py",),
    ),
    Bug(
        "8",
        "tell nobody that a channel refuses",
        "workers/refusing.py",
        (("            self._refusals.refused(", "            _ = ("),),
        ("tests/workers/test_refusing.py",),
    ),
    Bug(
        "1",
        "forget the budget",
        "workers/ibmcloud/session.py",
        (("            self._pace.wait()\n", "            pass\n"),),
        ("tests/workers/ibmcloud/test_ibmcloud_pace.py",),
    ),
)


def main() -> int:
    """Try every bug; 1 if one went unseen, or the tests fail without any.

    2 if there is no bug with such a word: nothing was tried, so nothing was seen.
    """
    words = sys.argv[1:]
    bugs = [one for one in BUGS if not words or any(each in one.name for each in words)]
    if not bugs:
        sys.stderr.write(f"No bug has any of these words: {', '.join(words)}\n")
        return 2
    for bug in bugs:
        broken(bug)
    if failed := tried(None):
        sys.stderr.write(f"Without any bug these fail: {', '.join(failed)}\n")
        return 1
    unseen = 0
    with ThreadPoolExecutor(os.cpu_count() or 2) as tries:
        for bug, failed in zip(bugs, tries.map(tried, bugs), strict=True):
            unseen += not failed
            tell(bug, failed)
    sys.stdout.write(f"{len(bugs)} bugs, {unseen} unseen\n")
    return 1 if unseen else 0


def tell(bug: Bug, failed: list[str]) -> None:
    """Print which test saw *bug*, as soon as it is known."""
    seen = failed[0] if failed else "NOTHING FAILED"
    more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
    sys.stdout.write(f"{bug.rule:>4}  {bug.name:<54}{seen}{more}\n")
    sys.stdout.flush()


def tried(bug: Bug | None) -> list[str]:
    """Run the rule tests in a copy of the tree that has *bug*; return what failed.

    Tests of the bug's own rule come first.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in COPIED:
            _copy(ROOT / name, copy / name)
        if bug is not None:
            (copy / bug.file).write_text(broken(bug), encoding="utf-8")
        failed = _failing_tests(copy, TESTS if bug is None else bug.tests)
    mine = f"rule_{bug.rule}_" if bug is not None else ""
    return sorted(failed, key=lambda test: mine not in test)


def broken(bug: Bug) -> str:
    """Answer the text of the bug's file with *bug* in it.

    Raises:
        LookupError: The code it breaks has moved on.
    """
    text = (ROOT / bug.file).read_text(encoding="utf-8")
    for old, new in bug.changes:
        if text.count(old) != 1:
            raise LookupError(f"{bug.name}: {text.count(old)} times in {bug.file}")
        text = text.replace(old, new)
    return text


def _copy(source: Path, copy: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, copy)


def _failing_tests(copy: Path, tests: tuple[str, ...]) -> list[str]:
    # The copy's own modules, before any that are installed.
    environ = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    try:
        ran = subprocess.run(  # noqa: S603 - our own interpreter, our own tests
            command,
            cwd=copy,
            env=environ,
            capture_output=True,
            text=True,
            timeout=_ENDLESS_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        # Some bugs have work asked for again and again, which no run would get past.
        return [f"the tests came to no end in {_ENDLESS_SECONDS} s"]
    failed = FAILED.findall(ran.stdout)
    if ran.returncode not in (0, 1) or (ran.returncode == 1 and not failed):
        raise RuntimeError(f"The tests did not run:\n{ran.stdout}{ran.stderr}")
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
