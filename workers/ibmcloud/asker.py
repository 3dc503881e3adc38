"""Somebody who asks IBM Cloud: an identity's tokens, and the SDK's clients on them."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ibm_platform_services import (
    IamAccessGroupsV2,
    IamIdentityV1,
    IamPolicyManagementV1,
    ResourceControllerV2,
    ResourceManagerV2,
    UserManagementV1,
)
from requests import Session

from config.settings import Settings
from workers.ibmcloud.client import ReadingClient, reading_service
from workers.ibmcloud.recent import Answer, Recent
from workers.ibmcloud.tokens import Tokens

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who reads, and where: each client is made anew, on the one reading session.

    ``recent`` has what was answered to them a moment ago.
    """

    tokens: Tokens
    settings: Settings
    session: Session
    recent: Recent = field(default_factory=Recent, repr=False, compare=False)

    def lately(
        self, question: Hashable, since: float, ask: Callable[[], _T]
    ) -> Answer[_T]:
        """Return an answer to this identity later than that; raises as *ask* does.

        The key in a file may be another identity's by now, who may see less.
        """
        mine = self.tokens.claims().iam_id, question
        return self.recent.of(mine, since, ask)

    @property
    def containers(self) -> ReadingClient:
        """Return what reads the Kubernetes Service."""
        return ReadingClient(self.settings.containers_url, self.tokens, self.session)

    @property
    def identity(self) -> IamIdentityV1:
        """Return what reads API keys, service IDs and account settings."""
        return self._service(IamIdentityV1, self.settings.iam_url)

    @property
    def policies(self) -> IamPolicyManagementV1:
        """Return what reads access policies."""
        return self._service(IamPolicyManagementV1, self.settings.iam_url)

    @property
    def groups(self) -> IamAccessGroupsV2:
        """Return what reads access groups."""
        return self._service(IamAccessGroupsV2, self.settings.iam_url)

    @property
    def users(self) -> UserManagementV1:
        """Return what reads users."""
        return self._service(UserManagementV1, self.settings.user_management_url)

    @property
    def resource_groups(self) -> ResourceManagerV2:
        """Return what reads resource groups."""
        return self._service(ResourceManagerV2, self.settings.resource_manager_url)

    @property
    def resources(self) -> ResourceControllerV2:
        """Return what reads resources; no setting tells its address from the above."""
        return self._service(ResourceControllerV2, self.settings.resource_manager_url)

    def _service(self, kind: Callable[..., Any], url: str) -> Any:  # noqa: ANN401 - one of the SDK's clients, which have no types
        return reading_service(kind, url, self.tokens, self.session)
