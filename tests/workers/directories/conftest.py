from datetime import UTC, datetime

import pytest
from hr_api import HrApi

from config.settings import Secret, Settings
from config.sources import (
    BamboohrSettings,
    GustoSettings,
    HibobSettings,
    PersonioSettings,
    Sources,
)
from workers.directories import bamboohr, gusto, hibob, personio
from workers.offboarding.heard import Hint

NOW = datetime(2026, 2, 16, 10, 2, 11, tzinfo=UTC)
ROOMS = {"bamboohr": bamboohr, "hibob": hibob, "personio": personio, "gusto": gusto}
CLASSES = {
    "bamboohr": BamboohrSettings,
    "hibob": HibobSettings,
    "personio": PersonioSettings,
    "gusto": GustoSettings,
}


@pytest.fixture
def hr_api():
    running = HrApi()
    yield running
    running.close()


@pytest.fixture
def open_room(hr_api):
    """Opens the directory of a source, at the API that runs here."""

    def opened(source, **over):
        given = {
            "timezone": "Europe/Berlin",
            "api_url": hr_api.url,
            "api_token": Secret("user-1:word-1"),
            **over,
        }
        sources = Sources(**{source: CLASSES[source](**given)})
        return ROOMS[source].open_directory(Settings(sources=sources), lambda: NOW)

    return opened


@pytest.fixture
def hint():
    def made(source, native_type, subject="157"):
        return Hint(source, f"{source}:key-1", native_type, subject, NOW)

    return made
