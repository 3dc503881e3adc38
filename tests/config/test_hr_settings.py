import pytest

from config.settings import Settings, SettingsError
from config.sources import (
    BamboohrSettings,
    GustoSettings,
    HibobSettings,
    PersonioSettings,
)

WORKER = {"OFFBOARD_ACCOUNT_ID": "b1f3", "OFFBOARD_READER_APIKEY": "key-that-reads"}
ZONE = {"TIMEZONE": "Europe/Berlin"}
API = ZONE | {"API_URL": "https://hr.example.com", "API_TOKEN": "user-1:word-1"}


def environ(source, **given):
    mine = {"SECRET": "secret-of-the-source", **given}
    prefix = f"OFFBOARD_SOURCE_{source.upper()}_"
    return WORKER | {prefix + name: value for name, value in mine.items()}


def faults(environ, process="worker"):
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environ, process=process)
    return caught.value.faults


def test_each_hr_system_has_settings_of_its_own():
    sources = Settings.from_env({}).sources

    assert sources.bamboohr == BamboohrSettings(
        email_field="workEmail",
        number_field="employeeNumber",
        status_fields=("status", "employmentHistoryStatus"),
        left_statuses=("Inactive", "Terminated"),
        date_field="terminationDate",
    )
    assert sources.hibob == HibobSettings(id_path="employeeId", email_path="email")
    assert sources.personio == PersonioSettings(
        person_paths=("person.id", "person_id"),
        date_paths=("termination.last_working_date", "termination.termination_date"),
    )
    assert sources.gusto == GustoSettings()


@pytest.mark.parametrize("source", ["bamboohr", "hibob", "personio", "gusto"])
def test_a_source_that_is_set_up_is_no_fault(source):
    settings = Settings.from_env(environ(source, **API), process="worker")

    assert settings.sources.of(source).is_on


@pytest.mark.parametrize("source", ["bamboohr", "hibob", "personio", "gusto"])
@pytest.mark.parametrize("process", ["web", "worker"])
def test_dates_without_a_zone_are_a_fault_at_the_start(source, process):
    given = {name: value for name, value in API.items() if name != "TIMEZONE"}

    assert faults(environ(source, **given), process) == [
        f"OFFBOARD_SOURCE_{source.upper()}_TIMEZONE: Needed with"
        f" SOURCE_{source.upper()}_SECRET."
    ]


@pytest.mark.parametrize("source", ["hibob", "personio", "gusto"])
def test_a_source_that_names_only_ids_needs_its_api(source):
    prefix = f"OFFBOARD_SOURCE_{source.upper()}_"

    assert faults(environ(source, **ZONE)) == [
        f"{prefix}API_URL: Needed with SOURCE_{source.upper()}_SECRET.",
        f"{prefix}API_TOKEN: Needed with SOURCE_{source.upper()}_SECRET.",
    ]


def test_bamboohr_needs_its_api_only_where_that_is_named():
    named = environ("bamboohr", **ZONE, API_URL="https://acme.bamboohr.com/api")

    assert faults(named) == [
        "OFFBOARD_SOURCE_BAMBOOHR_API_TOKEN: Needed with SOURCE_BAMBOOHR_API_URL."
    ]
    assert Settings.from_env(environ("bamboohr", **ZONE), process="worker")
    assert Settings.from_env(named, process="web")


@pytest.mark.parametrize("source", ["hibob", "personio"])
def test_a_token_of_two_words_with_one_of_them_is_a_fault(source):
    given = API | {"API_TOKEN": "only-the-word"}

    assert faults(environ(source, **given)) == [
        f"OFFBOARD_SOURCE_{source.upper()}_API_TOKEN: Give both words, as id:token."
    ]


def test_the_token_of_gusto_is_read_anew_when_its_file_changes(write):
    file = write("token", "first-token")
    given = environ("gusto", **ZONE, API_URL="https://api.gusto.com")
    given["OFFBOARD_SOURCE_GUSTO_API_TOKEN_FILE"] = str(file)
    settings = Settings.from_env(given, process="worker")

    write("token", "second-token")

    assert settings.sources.gusto.api_token.reveal() == "second-token"
