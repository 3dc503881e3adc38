import pytest
import structlog

from config import log as logs
from config import secret
from config.log import Redactor


@pytest.fixture(autouse=True)
def own_logs(monkeypatch):
    """What a test makes its process keep out of the log, the next one may write there.

    A logger remembers how logging was set up when it wrote its first line.
    """
    monkeypatch.setattr(logs, "_redactor", Redactor())
    monkeypatch.setattr(secret, "_log", structlog.get_logger("config.secret"))


@pytest.fixture
def write(tmp_path):
    """Writes a file of the test's folder; returns its path."""

    def written(name, text):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return written
