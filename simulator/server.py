"""The simulator as a whole: one HTTP port, one SMTP port, both on 127.0.0.1.

Knows every room of this package; nothing outside tests, demo and benchmarks knows it.
"""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from flask import Flask

from simulator import containers, ibmcloud
from simulator.account import Account
from simulator.accounts_file import FILE_NAME, service_key, write_accounts
from simulator.control import control_routes
from simulator.control_keys import key_state_routes
from simulator.control_state import state_routes
from simulator.faults import FaultPlan
from simulator.gate import Gate
from simulator.journal import Journal
from simulator.mail import MailCatcher
from simulator.rivals import rivals_of
from simulator.scenario import demo_account
from simulator.slack import (
    SLACK_BOT_TOKEN,
    SLACK_CHANNEL_ID,
    WEBHOOK_PATH,
    Slack,
)
from simulator.slack_web import slack_routes
from simulator.wire import LoopbackServer

MAIL_FROM = "offboard@example.com"
MAIL_TO = "ops@example.com"


class Simulator:
    """IBM Cloud accounts, a Slack and a mail catcher.

    ``accounts`` is the demo's account unless given; ``account`` is the first. Port 0
    takes a free port, known after ``start`` and kept over ``stop`` and ``start``.
    """

    def __init__(
        self,
        accounts: Sequence[Account] | None = None,
        *,
        port: int = 0,
        smtp_port: int = 0,
    ) -> None:
        self.accounts = [demo_account()] if accounts is None else list(accounts)
        self.slack = Slack()
        self.mail = MailCatcher(smtp_port)
        self.journal = Journal()
        self.faults = FaultPlan()
        self._port = port
        self._gate = Gate(
            self._app(),
            journal=self.journal,
            faults=self.faults,
            rival_resets=rivals_of(self.accounts),
        )
        self._server: LoopbackServer | None = None

    def _app(self) -> Flask:
        app = Flask("simulator", static_folder=None)
        ibmcloud.register(app, self.accounts)
        containers.register(app, self.accounts)
        app.register_blueprint(slack_routes(self.slack))
        app.register_blueprint(
            control_routes(
                accounts=self.accounts,
                journal=self.journal,
                faults=self.faults,
                slack=self.slack,
                mail=self.mail,
            )
        )
        app.register_blueprint(state_routes(self.accounts))
        app.register_blueprint(key_state_routes(self.accounts, self.faults))
        return app

    def start(self) -> Self:
        """Listen on both ports."""
        self._gate.closing.clear()
        self.mail.start()
        self._server = LoopbackServer(self._gate, self._port)
        self._port = self._server.server_port
        self._server.start()
        return self

    def stop(self) -> None:
        """Close both ports and every open connection; a second call does nothing."""
        if self._server is None:
            return
        self._gate.closing.set()
        self._server.stop()
        self._server = None
        self.mail.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def account(self) -> Account:
        """Answer the first account."""
        return self.accounts[0]

    @property
    def url(self) -> str:
        """Answer the base URL, without a slash at its end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def iam_url(self) -> str:
        """Answer what stands for https://iam.cloud.ibm.com."""
        return self.url

    @property
    def containers_url(self) -> str:
        """Answer what stands for https://containers.cloud.ibm.com/global."""
        return f"{self.url}/global"

    @property
    def user_management_url(self) -> str:
        """Answer what stands for https://user-management.cloud.ibm.com."""
        return self.url

    @property
    def resource_manager_url(self) -> str:
        """Answer what stands for https://resource-controller.cloud.ibm.com."""
        return self.url

    @property
    def slack_api_url(self) -> str:
        """Answer the Web API's base, with the slash slack_sdk needs."""
        return f"{self.url}/slack/api/"

    @property
    def slack_webhook_url(self) -> str:
        """Answer an incoming webhook."""
        return f"{self.url}{WEBHOOK_PATH}"

    @property
    def smtp_host(self) -> str:
        """Answer the mail catcher's host."""
        return self.mail.host

    @property
    def smtp_port(self) -> int:
        """Answer the mail catcher's port."""
        return self.mail.port

    def accounts_toml(self, folder: str | Path) -> Path:
        """Write an accounts file for all accounts into a folder, key files beside it.

        Answers the file, for ``OFFBOARD_ACCOUNTS_FILE``.
        """
        return write_accounts(self.accounts, Path(folder) / FILE_NAME)

    def environ(self, accounts_file: Path | None = None) -> dict[str, str]:
        """Answer the service's settings that point it here.

        With an accounts file the service reads its accounts there. Without, it gets the
        first account alone, and the key ``accounts_file.service_key`` answers for it;
        an account without any key has none here.
        """
        settings = {
            "OFFBOARD_IAM_URL": self.iam_url,
            "OFFBOARD_CONTAINERS_URL": self.containers_url,
            "OFFBOARD_USER_MANAGEMENT_URL": self.user_management_url,
            "OFFBOARD_RESOURCE_MANAGER_URL": self.resource_manager_url,
            "OFFBOARD_SLACK_API_URL": self.slack_api_url,
            "OFFBOARD_SLACK_BOT_TOKEN": SLACK_BOT_TOKEN,
            "OFFBOARD_SLACK_CHANNEL_ID": SLACK_CHANNEL_ID,
            "OFFBOARD_SMTP_HOST": self.smtp_host,
            "OFFBOARD_SMTP_PORT": str(self.smtp_port),
            "OFFBOARD_SMTP_SECURITY": "none",
            "OFFBOARD_MAIL_FROM": MAIL_FROM,
            "OFFBOARD_MAIL_TO": MAIL_TO,
        }
        if accounts_file is not None:
            file = str(accounts_file.resolve())
            return {**settings, "OFFBOARD_ACCOUNTS_FILE": file}
        settings["OFFBOARD_ACCOUNT_ID"] = self.account.account_id
        key = service_key(self.account)
        if key is not None:
            settings["OFFBOARD_FUNCTIONAL_ID_APIKEY"] = key
        return settings
