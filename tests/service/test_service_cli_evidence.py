"""`offboard evidence export | verify`, on real files."""

import stat
from pathlib import Path

import pytest
from evidence_scenes import KEY, OTHER_KEY, a_book, fingerprint
from fake_api import TOKEN, Says, a_problem, result_in
from pack_scenes import DANA, KAI, ROBIN, WAITING, members, quarter, rezipped
from pack_scenes import a_book as a_quarter_s_book

BOOK = a_book()
FIXTURES = Path(__file__).parents[1] / "fixtures" / "evidence"
LINES = (("Content-Type", "application/jsonl"),)
REGISTER = ("GET", "/api/evidence/register")


def pack(case_id, unsealed=0):
    headers = (*LINES, ("Offboard-Unsealed", str(unsealed)))
    return Says(raw=b"".join(BOOK.pack(case_id)), headers=headers)


def of(case_id):
    return ("GET", f"/api/cases/{case_id}/evidence")


@pytest.fixture
def whole(api):
    api.script(of("01A"), pack("01A"))
    api.script(of("01B"), pack("01B"))
    api.script(REGISTER, Says(raw=b"".join(BOOK.register()), headers=LINES))


@pytest.fixture
def exported(whole, offboard, tmp_path):
    path = tmp_path / "all.jsonl"
    assert offboard("evidence", "export", "--all", "--out", str(path)).exit_code == 0
    return path


def test_a_case_is_written_to_stdout_as_it_came(whole, offboard):
    done = offboard("evidence", "export", "01A", "--out", "-")

    assert done.exit_code == 0
    assert done.stdout_bytes == b"".join(BOOK.pack("01A"))


def test_a_file_is_for_its_owner_alone_and_is_not_replaced(whole, offboard, tmp_path):
    path = tmp_path / "it.jsonl"

    first = offboard("evidence", "export", "01A", "--out", str(path))
    second = offboard("evidence", "export", "01B", "--out", str(path))

    assert (first.exit_code, second.exit_code) == (0, 2)
    assert path.read_bytes() == b"".join(BOOK.pack("01A"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (
        offboard("evidence", "export", "01B", "--out", str(path), "--force").exit_code
        == 0
    )
    assert path.read_bytes() == b"".join(BOOK.pack("01B"))
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_not_sealed_is_told_and_ends_with_3(api, offboard):
    api.script(of("01A"), pack("01A", unsealed=2))

    done = offboard("evidence", "export", "01A", "--out", "-")

    assert done.exit_code == 3
    assert "not sealed yet" in done.stderr


def test_an_export_that_fails_leaves_no_file(api, offboard, tmp_path):
    api.script(of("01A"), a_problem(404, "There is no such case."))

    done = offboard("evidence", "export", "01A", "--out", str(tmp_path / "it.jsonl"))

    assert done.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_register_that_is_cut_off_on_the_way_leaves_no_file(api, offboard, tmp_path):
    cut = b"".join(BOOK.register()[:-1])
    api.script(REGISTER, Says(raw=cut, headers=LINES))
    api.script(of("01A"), pack("01A"))

    done = offboard("evidence", "export", "--all", "--out", str(tmp_path / "a.jsonl"))

    assert done.exit_code == 6
    assert list(tmp_path.iterdir()) == []


def test_an_answer_with_the_token_in_it_is_none_of_ours(api, offboard):
    api.script(of("01A"), Says(raw=f"{TOKEN}\n".encode(), headers=LINES))

    assert offboard("evidence", "export", "01A", "--out", "-").exit_code == 6


def test_a_page_of_something_else_is_no_evidence(api, offboard):
    api.script(of("01A"), Says(raw=b"<html>", headers=(("Content-Type", "text/html"),)))

    assert offboard("evidence", "export", "01A", "--out", "-").exit_code == 6


def test_all_cases_hold_with_the_key_and_no_service(exported, offboard):
    env = {"OFFBOARD_URL": "http://127.0.0.1:1", "OFFBOARD_TOKEN": ""}
    done = offboard(
        "evidence", "verify", str(exported), "--public-key", fingerprint(), env=env
    )

    assert done.exit_code == 0
    assert done.stdout.startswith("It holds: 2 cases and the register over all cases.")


def test_a_case_that_is_gone_is_told_and_missed_when_verified(
    api, whole, offboard, tmp_path
):
    api.script(of("01B"), a_problem(404, "There is no such case."))
    path = tmp_path / "all.jsonl"

    done = offboard("evidence", "export", "--all", "--out", str(path))
    seen = offboard("evidence", "verify", str(path), "--public-key", fingerprint())

    assert done.exit_code == 3
    assert "Case 01B is not in the store any more." in done.stderr
    assert seen.exit_code == 4
    assert "case 01B is missing: item 2 names it" in seen.stdout


def test_a_case_in_a_file_of_its_own_is_not_missing(api, whole, offboard, tmp_path):
    api.script(of("01B"), a_problem(404, "There is no such case."))
    path, archived = tmp_path / "all.jsonl", tmp_path / "01B.jsonl"
    offboard("evidence", "export", "--all", "--out", str(path))
    archived.write_bytes(b"".join(BOOK.pack("01B")))

    done = offboard(
        "evidence", "verify", str(path), str(archived), "--public-key", fingerprint()
    )

    assert done.exit_code == 0


def test_without_a_key_it_holds_and_who_signed_is_not_proven(exported, offboard):
    done = offboard("evidence", "verify", str(exported))

    assert done.exit_code == 3
    assert f"Signed by {fingerprint()}." in done.stdout
    assert "Who signed is not proven by this" in done.stderr


def test_a_changed_byte_is_named_by_file_line_and_entry(exported, offboard):
    data = exported.read_bytes()
    exported.write_bytes(data.replace(b"IBMid-1", b"IBMid-2"))

    done = offboard("evidence", "verify", str(exported), "--public-key", fingerprint())

    assert done.exit_code == 4
    assert "It does not hold: 1 fault." in done.stdout
    told = " ".join(done.stdout.split())
    assert "line 8: case 01A, entry 2: it is not what was sealed" in told


def test_what_another_key_signed_does_not_hold(offboard, tmp_path):
    path = tmp_path / "forged.jsonl"
    path.write_bytes(b"".join(a_book(OTHER_KEY).pack("01A")))

    done = offboard("evidence", "verify", str(path), "--public-key", KEY.public_key)

    assert done.exit_code == 4
    assert "which is not the key given" in " ".join(done.stdout.split())


def test_a_key_is_given_as_it_is_or_by_a_file_of_several(exported, offboard, tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"# until 2026\n{OTHER_KEY.public_key}\n\n{fingerprint()}\n")

    for key in (KEY.public_key, KEY.public_key.upper(), str(file)):
        done = offboard("evidence", "verify", str(exported), "--public-key", key)
        assert done.exit_code == 0


@pytest.mark.parametrize("text", ["nothing", "", "# only words\n", "ed25519:12\n"])
def test_what_is_no_key_is_refused(exported, offboard, tmp_path, text):
    file = tmp_path / "keys"
    file.write_text(text)

    for key in (str(file), str(tmp_path / "none"), "ed25519:xyz"):
        done = offboard("evidence", "verify", str(exported), "--public-key", key)
        assert done.exit_code == 2


def test_what_was_found_is_one_json_object(exported, offboard):
    exported.write_bytes(exported.read_bytes()[:-1])

    done = offboard("evidence", "verify", str(exported), "-o", "json")

    found = result_in(done.stdout)
    assert (done.exit_code, found["holds"], found["signer_proven"]) == (4, False, False)
    assert found["faults"][0]["text"] == "item or register: the line is cut off"


@pytest.mark.parametrize(
    "words",
    [
        ("export",),
        ("export", "01A", "--all"),
        ("verify",),
        ("verify", "/no/such/file"),
        ("export", "01A", "--out", "/no/such/folder/it"),
    ],
)
def test_what_makes_no_sense_ends_with_2(whole, offboard, words):
    assert offboard("evidence", *words).exit_code == 2


def test_a_key_file_that_is_not_there_is_said_to_be_missing(exported, offboard):
    done = offboard("evidence", "verify", str(exported), "--public-key", "./nofile")

    assert done.exit_code == 2
    assert "There is no file ./nofile." in " ".join(done.stderr.split())


def test_a_key_file_that_cannot_be_read_is_named(exported, offboard, tmp_path):
    done = offboard("evidence", "verify", str(exported), "--public-key", str(tmp_path))

    assert done.exit_code == 2
    assert "Is a directory" in done.stderr


def test_the_help_of_verify_says_every_code_that_it_ends_with(offboard):
    said = " ".join(offboard("evidence", "verify", "--help").stdout.split())

    for code in ("0 it holds", "2 a file", "3 it holds", "4 it does not"):
        assert code in said


def test_line_ends_that_a_mail_client_changed_are_named(exported, offboard):
    exported.write_bytes(exported.read_bytes().replace(b"\n", b"\r\n"))

    done = offboard("evidence", "verify", str(exported))

    assert done.exit_code == 4
    assert "line 1: header: its line end was changed" in done.stdout


DAYS = ("--from", "2026-07-01", "--to", "2026-10-01")
BETWEEN = ("GET", "/api/evidence")
WAITS = ("GET", "/api/quarantine")


@pytest.fixture
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def answers(api):
    """Has the service answer with the quarter's evidence, as to an operator."""

    def answered(cases=(DANA, ROBIN, KAI), register=True):
        book = a_quarter_s_book()
        lines = book.register() if register else []
        lines = [*lines, *(line for one in cases for line in book.pack(one))]
        api.script(BETWEEN, Says(raw=b"".join(lines), headers=LINES))
        api.script(WAITS, Says({"quarantine": WAITING, "next": None}))

    return answered


def verified(offboard, path, *more):
    key = ("--public-key", fingerprint())
    return offboard("evidence", "verify", str(path), *more, *key)


def test_a_case_becomes_a_zip_under_its_name(whole, offboard, in_a_folder):
    done = offboard("evidence", "export", "01A")

    assert (done.exit_code, done.stdout) == (0, "offboard-evidence-01A.zip\n")
    path = in_a_folder / "offboard-evidence-01A.zip"
    assert members(path.read_bytes())["evidence.jsonl"] == b"".join(BOOK.pack("01A"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    seen = verified(offboard, path)
    assert seen.exit_code == 0
    assert "Its pages and tables are what the signed entries say." in seen.stdout


def test_a_quarter_becomes_a_zip_that_holds(answers, api, offboard, in_a_folder):
    answers()

    done = offboard("evidence", "export", *DAYS)

    name = "offboard-evidence-2026-07-01-to-2026-10-01.zip"
    assert (done.exit_code, done.stdout) == (0, f"{name}\n")
    assert "3 cases received in these days." in done.stderr
    [asked] = api.calls(*BETWEEN)
    assert asked.query == {"from": "2026-07-01", "to": "2026-10-01"}
    assert (in_a_folder / name).read_bytes() == quarter()
    assert verified(offboard, name).exit_code == 0


def test_a_case_that_was_archived_is_told_and_found_beside(
    answers, offboard, in_a_folder
):
    answers(cases=(DANA, KAI))
    (in_a_folder / "robin.jsonl").write_bytes(b"".join(a_quarter_s_book().pack(ROBIN)))

    done = offboard("evidence", "export", *DAYS, "--out", "q.zip")
    alone, beside = (
        verified(offboard, "q.zip"),
        verified(offboard, "q.zip", "robin.jsonl"),
    )

    assert done.exit_code == 3
    assert f"Case {ROBIN} is not in the store any more." in done.stderr
    assert (alone.exit_code, beside.exit_code) == (4, 0)
    assert f"case {ROBIN} is missing" in alone.stdout


def test_a_viewer_s_quarter_does_not_prove_that_no_case_is_missing(
    answers, offboard, in_a_folder
):
    answers(register=False)

    done = offboard("evidence", "export", *DAYS, "--out", "q.zip")
    seen = verified(offboard, "q.zip")

    assert (done.exit_code, seen.exit_code) == (3, 3)
    assert "Without the register" in done.stderr
    assert "Without the register" in seen.stderr


def test_a_viewer_s_quarter_without_a_case_is_a_pack_too(api, offboard, in_a_folder):
    api.script(BETWEEN, Says(raw=b"", headers=LINES))
    api.script(WAITS, Says({"quarantine": [], "next": None}))

    assert offboard("evidence", "export", *DAYS, "--out", "q.zip").exit_code == 3
    assert verified(offboard, "q.zip").exit_code == 3


def test_evidence_that_is_cut_off_on_the_way_leaves_no_file(
    api, answers, offboard, in_a_folder
):
    lines = [*a_quarter_s_book().register(), *a_quarter_s_book().pack(DANA)[:-1]]
    answers()
    api.script(BETWEEN, Says(raw=b"".join(lines), headers=LINES))

    done = offboard("evidence", "export", *DAYS, "--out", "q.zip")

    assert done.exit_code == 6
    assert list(in_a_folder.iterdir()) == []


def test_cases_in_another_order_are_no_answer_of_ours(answers, offboard, in_a_folder):
    answers(cases=(ROBIN, DANA))

    assert offboard("evidence", "export", *DAYS, "--out", "q.zip").exit_code == 6
    assert list(in_a_folder.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "Name;E-Mail;Salary\nDana;Dana.Lee@example.com ;9\nNever;never@example.com;8\n",
        "\ufeffemail\nDANA.LEE@EXAMPLE.COM\nnever@example.com\n",
        "dana.lee@example.com\n\nnever@example.com\ndana.lee@example.com\n",
        'Left,"User Principal Name"\n1,"dana.lee@example.com"\n2,never@example.com\n',
    ],
)
def test_hr_s_list_is_read_as_people_have_it(answers, offboard, in_a_folder, text):
    answers()
    (in_a_folder / "hr.csv").write_text(text, encoding="utf-8")

    done = offboard("evidence", "export", *DAYS, "--match", "hr.csv", "--out", "q.zip")

    assert done.exit_code == 0
    assert "On HR's list and no event here: 1." in done.stderr
    files = members((in_a_folder / "q.zip").read_bytes())
    assert files["hr.jsonl"].decode() == (
        '{"also":[],"email":"dana.lee@example.com"}\n'
        '{"also":[],"email":"never@example.com"}\n'
    )
    assert verified(offboard, "q.zip").exit_code == 0


@pytest.mark.parametrize(
    "raw",
    [b"", b"name;left\nDana;yes\n", b"email\n\n", b"\xff\xfe\x00", b"email\n\x00"],
)
def test_a_list_that_cannot_be_read_ends_with_2(answers, offboard, in_a_folder, raw):
    answers()
    (in_a_folder / "hr.csv").write_bytes(raw)

    done = offboard("evidence", "export", *DAYS, "--match", "hr.csv")

    assert done.exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("--from", "2026-07-01"),
        ("--from", "2026-07-01", "--to", "2026-07-01"),
        ("--from", "yesterday", "--to", "2026-07-01"),
        (*DAYS, "01A"),
        (*DAYS, "--all"),
        (*DAYS, "--out", "q.jsonl"),
        ("01A", "--match", "hr.csv"),
        ("../evil",),
        ("--all", "--out", "a.zip"),
        ("0" * 26, "--out", "service.zip"),
    ],
)
def test_an_export_that_makes_no_sense_ends_with_2(
    answers, whole, offboard, in_a_folder, words
):
    answers()

    assert offboard("evidence", "export", *words).exit_code == 2
    assert list(in_a_folder.iterdir()) == []


def test_a_changed_pack_is_told_by_the_file_in_it(answers, offboard, in_a_folder):
    files = members(quarter())
    page = f"cases/{DANA}/case.html"
    files[page] = files[page].replace(b"IBMid-6600001FID", b"IBMid-1", 1)
    (in_a_folder / "q.zip").write_bytes(rezipped(files))

    done = verified(offboard, "q.zip")

    assert done.exit_code == 4
    assert f"q.zip: {page}: line" in done.stdout


def test_a_pack_of_an_earlier_version_of_this_program_still_holds(offboard):
    for name in ("case-1.zip", "quarter-1.zip"):
        done = verified(offboard, FIXTURES / name)

        assert (done.exit_code, done.stdout.split(":")[0]) == (0, "It holds")
