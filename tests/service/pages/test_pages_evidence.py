"""The page of evidence, and what is downloaded from pages."""

import pack_scenes

from workers.offboarding.model import Departure, Leaver


def a_case(desk):
    return desk.open(Departure("api", Leaver("dana.lee@example.com"))).case


def test_a_case_s_page_leads_to_its_evidence(sign_in, desk):
    case = a_case(desk)
    browser = sign_in("ofb_viewer")

    shown = browser.get(f"/cases/{case.id}").get_data(as_text=True)
    packed = browser.get(f"/cases/{case.id}/evidence.zip")
    lines = browser.get(f"/cases/{case.id}/evidence.jsonl")

    assert f'href="/cases/{case.id}/evidence.zip"' in shown
    assert packed.content_type == "application/zip"
    assert pack_scenes.members(packed.data)["evidence.jsonl"] == lines.data
    assert lines.headers["Content-Disposition"] == (
        f"attachment; filename=offboard-evidence-{case.id}.jsonl"
    )


def test_the_form_proposes_the_last_whole_quarter(sign_in):
    shown = sign_in().get("/evidence").get_data(as_text=True)

    assert 'name="from" type="date" value="2025-10-01"' in shown
    assert 'name="to" type="date" value="2026-01-01"' in shown


def test_a_period_is_downloaded_under_its_days(sign_in):
    answer = sign_in().get("/evidence/period.zip?from=2026-07-01&to=2026-10-01")

    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=offboard-evidence-2026-07-01-to-2026-10-01.zip"
    )
    assert "index.html" in pack_scenes.members(answer.data)


def test_days_that_make_no_sense_are_said_beside_the_form(sign_in):
    for query in ("", "from=2026-07-01", "from=2026-07-01&to=2026-07-01"):
        shown = sign_in().get(f"/evidence/period.zip?{query}").get_data(as_text=True)

        assert "Give two days, the second after the first." in shown
        assert "<form" in shown


def test_a_viewer_is_told_what_the_file_will_not_have(sign_in):
    told = "cannot show whether a case is missing"

    assert told in sign_in("ofb_viewer").get("/evidence").get_data(as_text=True)
    assert told not in sign_in("ofb_operator").get("/evidence").get_data(as_text=True)


def test_before_anything_is_sealed_the_form_says_so(sign_in, desk):
    desk.unsealed_at_all = True

    path = "/evidence/period.zip?from=2026-07-01&to=2026-10-01"
    shown = sign_in().get(path).get_data(as_text=True)

    assert "Nothing is sealed yet" in shown
