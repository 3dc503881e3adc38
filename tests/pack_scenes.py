"""Evidence of a quarter, by hand: cases whose ids tell a time, and what is around."""

import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta

from evidence_scenes import KEY, Book, entry

from service.packing.checking import check_pack
from service.packing.writing import write_case, write_period
from workers.offboarding.evidence_check import Checker
from workers.offboarding.pack.period import Period
from workers.offboarding.pack.rendering import quarantined
from workers.signing import signature_holds

QUARTER = Period(date(2026, 7, 1), date(2026, 10, 1))
# 14 July, 20 July, 1 September; and 30 June, the day before the quarter.
DANA = "01KXFXNGM0DANA000000000000"
ROBIN = "01KXYTWGG0R0B1N00000000000"
KAI = "01M1D47Z00KA10000000000000"
BEFORE = "01KWDFKC0RBEF0RE0000000000"
DALLAS = "3f0aa1d2/us-south/7d3e9f0a"
FRANKFURT = "3f0aa1d2/eu-de/5c49eabc"
HOSTILE = '=HYPERLINK("http://evil.example","<script>alert(1)</script>\u202e")'
FIRST = datetime(2026, 7, 14, 9, 0, 0, tzinfo=UTC)


def said(seconds, what, **fields):
    """Write an entry some seconds after the first."""
    at = (FIRST + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    return json.dumps({**json.loads(entry(what, **fields)), "at": at})


def about(target_id, place, **fields):
    return {
        "target_id": target_id,
        "place": place,
        "owner_before": "IBMid-550000DANA",
        "functional_id": "IBMid-6600001FID",
        **fields,
    }


def opened(person, key, at=0, **fields):
    return said(
        at,
        "case.opened_open",
        source="okta",
        actor="okta",
        event_key=key,
        authn="hmac",
        leaver=person,
        effective_at="2026-07-14T17:00:00Z",
        **fields,
    )


def a_safe_case(follow_ups=0):
    dallas = about(DALLAS, "us-south, payments")
    return (
        opened("Dana.Lee@example.com", "okta:1"),
        said(1, "case.planned", leaver="IBMid-550000DANA", plan_hash="sha256:1"),
        said(2, "target.reset_intended", **dallas),
        said(3, "target.reset", request_id="req-1", **dallas),
        said(14, "target.verified", owner_after="IBMid-6600001FID", **dallas),
        said(15, "departure.joined", source="api", actor="helpdesk", leaver="dana@hr",
             effective_at="2026-07-20T00:00:00Z"),
        said(16, "case.settled", detail="safe", settle_minutes=30,
             follow_ups=follow_ups),
        said(17, "report.sent", target_id="slack:final:1"),
    )  # fmt: skip


def an_unsafe_case():
    return (
        opened(HOSTILE, "okta:2", 500_000),
        said(500_001, "case.planned", leaver="IBMid-550000ROBN"),
        said(500_002, "case.held", reason="too_many_targets", detail="-2+3"),
        said(500_900, "case.approved", actor="sam"),
        said(501_000, "target.counted", reason="no_role",
             detail="unread: Nobody may see it.",
             target_id=FRANKFURT, place="eu-de, legacy"),
        said(501_001, "case.settled", detail="attention", settle_minutes=30,
             follow_ups=0),
    )  # fmt: skip


def a_book(key=KEY):
    """A quarter: one case safe, one not, one open; and one of the quarter before."""
    book = Book(key)
    book.seal(BEFORE, said(-1_000_000, "case.opened_open", leaver="old@example.com"))
    book.seal(DANA, *a_safe_case(), is_over=True)
    book.seal(ROBIN, *an_unsafe_case(), is_over=True)
    book.seal(KAI, opened("kai.ito@example.com", "okta:3", 4_200_000))
    return book


WAITING = [
    {
        "id": "01KXG13C80WA1T000000000000",
        "source": "okta",
        "reason": "no_person",
        "received_at": "2026-07-14T10:00:00Z",
        "text": "never in the pack",
    }
]


def quarter(book=None, *, cases=(DANA, ROBIN, KAI), register=True, people=None):
    """Write the pack of the quarter; its bytes."""
    book = book or a_book()
    file = io.BytesIO()
    write_period(
        file,
        QUARTER,
        register=book.register() if register else None,
        packs=(book.pack(one) for one in cases),
        quarantine=quarantined(WAITING),
        people=people,
    )
    return file.getvalue()


def one_case(case_id=DANA, book=None):
    """Write the pack of one case; its bytes."""
    file = io.BytesIO()
    write_case(file, case_id, (book or a_book()).pack(case_id))
    return file.getvalue()


def members(raw):
    """Read a zip: each name and what is in it."""
    with zipfile.ZipFile(io.BytesIO(raw)) as found:
        return {one: found.read(one) for one in found.namelist()}


def rezipped(files):
    """Write these members anew, as somebody who changed them would."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, raw in files.items():
            made.writestr(name, raw)
    return file.getvalue()


def faults(raw, path, *, trusted=frozenset(), beside=()):
    """Verify a pack that lies at *path*; what is amiss, as text."""
    path.write_bytes(raw)
    checker = Checker(signature_holds, trusted)
    with path.open("rb") as file:
        check_pack(file, "p.zip", checker)
    for lines in beside:
        checker.read("beside", lines)
    return [f"{one.file}: {one.line}: {one.text}" for one in checker.compare().faults]
