import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import MappedPerson, Settings, SettingsError

TWO = """
[[person]]
iam_id = "IBMid-550000ABCD"
emails = ["Dana.Lee@example.com", "dlee@hr.example.com"]
ids = ["00u1abcdEXAMPLE", "E1234"]

[[person]]
emails = ["robin.park@example.com"]
ids = ["E5678"]
"""


def read(path, process="web"):
    settings = Settings.from_env(
        {"OFFBOARD_IDENTITY_MAP_FILE": str(path)}, process=process
    )
    return settings.identity_map_file


def faults(path):
    with pytest.raises(SettingsError) as caught:
        read(path)
    return [
        fault.removeprefix("OFFBOARD_IDENTITY_MAP_FILE: ")
        for fault in caught.value.faults
    ]


@pytest.mark.parametrize("process", ["web", "beat", "store", "command"])
def test_every_process_reads_who_is_the_same_person(write, process):
    assert read(write("people.toml", TWO), process) == (
        MappedPerson(
            "IBMid-550000ABCD",
            ("dana.lee@example.com", "dlee@hr.example.com"),
            ("00u1abcdEXAMPLE", "E1234"),
        ),
        MappedPerson(None, ("robin.park@example.com",), ("E5678",)),
    )


@pytest.mark.parametrize(
    ("person", "fault"),
    [
        ('emails = ["dana.lee@example.com"]', "person[0]: Needs two different names"),
        ("", "person[0]: Needs two different names"),
        (
            'emails = ["dana.lee@example.com"]\nids = ["Dana.Lee@example.com"]',
            "person[0]: Needs two different names",
        ),
        (
            'iam_id = "planted"\nids = ["E1"]',
            "person[0].iam_id: Give a person's IAM ID",
        ),
        (
            'iam_id = "iam-ServiceId-1"\nids = ["E1"]',
            "person[0].iam_id: Give a person's IAM ID",
        ),
        ('emails = ["planted"]\nids = ["E1"]', "person[0].emails[0]: Give an e-mail"),
        (
            'emails = ["planted@example.com,@"]\nids = ["E1"]',
            "person[0].emails[0]: Give an e-mail",
        ),
        ('ids = ["E1", 777777, "E2"]', "person[0].ids[1]: Write it in quotes."),
        ('ids = ["E1", "planted "]\n', "person[0].ids[1]: Needs one line of text"),
        ('ids = "planted"\niam_id = "IBMid-1"', "person[0].ids: Write it as a list"),
        ('ids = ["E1", "E2"]\nemail = "planted"', "person[0].email: There is no such"),
    ],
)
def test_a_fault_says_where_it_is(write, person, fault):
    found = faults(write("people.toml", f"[[person]]\n{person}"))

    assert [one for one in found if one.startswith(fault)]
    assert "lanted" not in str(found)
    assert "777777" not in str(found)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "person: Needed."),
        ("[[people]]", "people: There is no such setting."),
        ("[person]", "person: Write it as [[person]]."),
        ("[[person]", "Not TOML: see line 1."),
    ],
)
def test_a_file_of_no_person_is_a_fault(write, text, fault):
    assert fault in faults(write("people.toml", text))


def test_a_file_that_is_not_there_is_a_fault(tmp_path):
    assert faults(tmp_path / "people.toml") == ["The file cannot be read."]


@pytest.mark.parametrize(
    ("second", "path"),
    [
        ('iam_id = "IBMid-1"\nids = ["E9"]', "iam_id"),
        (
            'iam_id = "IBMid-2"\nemails = ["x@example.com", "DANA@EXAMPLE.COM"]',
            "emails[1]",
        ),
        ('iam_id = "IBMid-2"\nids = ["E1"]', "ids[0]"),
        ('iam_id = "IBMid-2"\nids = ["E9", "IBMid-1"]', "ids[1]"),
        ('iam_id = "IBMid-2"\nids = ["Dana@Example.com"]', "ids[0]"),
    ],
)
def test_one_name_of_two_people_is_a_fault_that_names_both(write, second, path):
    text = (
        '[[person]]\niam_id = "IBMid-0"\nids = ["E0"]\n'
        '[[person]]\niam_id = "IBMid-1"\nemails = ["dana@example.com"]\nids = ["E1"]\n'
        f"[[person]]\n{second}\n"
    )

    assert faults(write("people.toml", text)) == [
        f"person[2].{path}: person[1] has it too, and it can name only one person."
    ]


def test_ids_that_differ_by_case_are_two(write):
    text = '[[person]]\nids = ["e1", "a"]\n[[person]]\nids = ["E1", "A"]\n'

    assert len(read(write("people.toml", text))) == 2


IDS = st.text("aAbB1", min_size=1, max_size=3)
PEOPLE = st.lists(st.lists(IDS, min_size=2, max_size=4), min_size=1, max_size=5)


@given(people=PEOPLE)
def test_no_name_that_was_read_names_two_people(tmp_path_factory, people):
    path = tmp_path_factory.mktemp("people") / "people.toml"
    path.write_text("".join(f"[[person]]\nids = {ids}\n" for ids in people))
    owners = [set(ids) for ids in people]
    sound = all(len(ids) > 1 for ids in owners) and sum(map(len, owners)) == len(
        set().union(*owners)
    )

    if sound:
        assert [list(one.ids) for one in read(path)] == people
    else:
        assert faults(path)
