"""The settings of the sources: ``OFFBOARD_SOURCE_<NAME>_<SETTING>``, a class a source.

A source is on once it has a secret. What a source needs besides is checked here too,
since it is wrong at start and not when somebody leaves.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields

from config import parsers
from config.public_key import public_key
from config.secret import Secret
from config.setting import setting

_TWO = "; two, comma-separated, while rotating"
_EXPECTED = "how often it is expected to speak; the channel is told when it does not"
_ZONE = "the zone of its dates, such as Europe/Berlin: a day ends at midnight there"


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """What every source has.

    Attributes:
        secret: Those that hold now; two while one replaces the other.
        expected_hours: How often it is expected to speak; None where nobody said.
    """

    secret: tuple[Secret, ...] = setting(
        (), parsers.secrets, f"bearer token of the sender{_TWO}", secret=True
    )
    expected_hours: float | None = setting(
        None, parsers.decimal(0.01, 8784), f"hours: {_EXPECTED}"
    )

    @property
    def is_on(self) -> bool:
        """Tell whether the source has a secret; without one it does not exist."""
        return bool(self.secret)


@dataclass(frozen=True, slots=True)
class StandardSettings(SourceSettings):
    """Standard Webhooks."""

    secret: tuple[Secret, ...] = setting(
        (), parsers.signing_secrets, f"whsec_… or whpk_…{_TWO}", secret=True
    )


@dataclass(frozen=True, slots=True)
class HubSettings(SourceSettings):
    """GitHub-style HMAC."""

    secret: tuple[Secret, ...] = setting(
        (),
        parsers.secrets,
        f"HMAC secret of X-Hub-Signature-256{_TWO}",
        secret=True,
    )


@dataclass(frozen=True, slots=True)
class CloudeventsSettings(SourceSettings):
    """CloudEvents over HTTP."""

    origins: tuple[str, ...] = setting(
        (),
        parsers.listed,
        "origins its handshake is granted to, comma-separated; * for any",
    )


@dataclass(frozen=True, slots=True)
class OktaSettings(SourceSettings):
    """Okta event hooks."""

    secret: tuple[Secret, ...] = setting(
        (),
        parsers.secrets,
        f"the Authorization value the hook sends, as it is{_TWO}",
        secret=True,
    )
    ibm_cloud_app_id: str | None = setting(
        None,
        parsers.text(),
        "id of the app whose removal from a person means that they leave IBM Cloud",
    )
    suspend_departs: bool = setting(
        False, parsers.flag, "1 takes a suspension for a departure"
    )


@dataclass(frozen=True, slots=True)
class EntraGraphSettings(SourceSettings):
    """Microsoft Graph change notifications."""

    secret: tuple[Secret, ...] = setting(
        (), parsers.secrets, f"clientState of the subscriptions{_TWO}", secret=True
    )
    tenant_id: str | None = setting(None, parsers.text(), "the tenant's id")
    subscription_ids: tuple[str, ...] = setting(
        (), parsers.listed, "ids of our subscriptions, comma-separated"
    )
    client_id: str | None = setting(
        None, parsers.text(), "the app registration that reads users"
    )
    client_secret: Secret | None = setting(
        None, parsers.secret, "its secret", secret=True, only="worker"
    )
    graph_url: str = setting(
        "https://graph.microsoft.com", parsers.https, "Microsoft Graph's address"
    )
    login_url: str = setting(
        "https://login.microsoftonline.com", parsers.https, "where its tokens come from"
    )


@dataclass(frozen=True, slots=True)
class EntraWorkflowSettings(SourceSettings):
    """Entra Lifecycle Workflows, forwarded by a Logic App."""

    workflows: tuple[str, ...] = setting(
        (), parsers.listed, "ids of the leaver workflows, comma-separated"
    )


@dataclass(frozen=True, slots=True)
class SsfSettings(SourceSettings):
    """Security Event Tokens by push."""

    secret: tuple[Secret, ...] = setting(
        (),
        parsers.secrets,
        f"the whole Authorization value of the push{_TWO}",
        secret=True,
    )
    issuer: str | None = setting(None, parsers.text(), "iss of its tokens")
    audience: str | None = setting(None, parsers.text(), "aud of its tokens")
    jwks_url: str | None = setting(None, parsers.https, "where its public keys are")
    legacy_subject: bool = setting(
        False,
        parsers.flag,
        "1 reads the subject inside the event, as older RISC senders write it",
    )


@dataclass(frozen=True, slots=True)
class IbmActivitySettings(SourceSettings):
    """IBM Cloud's own removal events, through Event Notifications.

    The signed form is inferred; not confirmed against a live instance.
    """

    public_key: str | None = setting(
        None,
        public_key,
        "PEM of the destination's public key; with it, unsigned bodies are refused",
        secret=True,
    )


@dataclass(frozen=True, slots=True)
class IbmVerifySettings(SourceSettings):
    """IBM Verify's notification webhooks.

    The actions, and whom ``username`` names, are inferred; not confirmed against a live
    tenant.
    """

    delete_actions: tuple[str, ...] = setting(
        ("deleted", "delete"),
        parsers.listed,
        "data.action values that mean deleted, comma-separated",
    )
    disable_actions: tuple[str, ...] = setting(
        (), parsers.listed, "data.action values that mean disabled, comma-separated"
    )
    username_is_target: bool = setting(
        False, parsers.flag, "1 takes data.username for the person it is about"
    )
    api_url: str | None = setting(
        None, parsers.https, "the tenant's address, where a change is looked up"
    )
    client_id: str | None = setting(
        None, parsers.text(), "the API client that reads users"
    )
    client_secret: Secret | None = setting(
        None, parsers.secret, "its secret", secret=True, only="worker"
    )


@dataclass(frozen=True, slots=True)
class HrSettings(SourceSettings):
    """An HR system: its dates have a zone, and some events must be looked up."""

    secret: tuple[Secret, ...] = setting(
        (),
        parsers.secrets,
        f"its signing secret, or a token where it does not sign{_TWO}",
        secret=True,
    )
    timezone: str | None = setting(None, parsers.timezone, _ZONE)
    api_url: str | None = setting(
        None, parsers.https, "its API, where an event must be looked up"
    )
    api_token: Secret | None = setting(
        None, parsers.secret, "token of that API", secret=True, only="worker"
    )


@dataclass(frozen=True, slots=True)
class Sources:
    """Every source by its name, in the order in which they are documented."""

    standard: StandardSettings = field(default_factory=StandardSettings)
    bearer: SourceSettings = field(default_factory=SourceSettings)
    okta: OktaSettings = field(default_factory=OktaSettings)
    scim: SourceSettings = field(default_factory=SourceSettings)
    entra_graph: EntraGraphSettings = field(default_factory=EntraGraphSettings)
    ibm_activity: IbmActivitySettings = field(default_factory=IbmActivitySettings)
    ssf: SsfSettings = field(default_factory=SsfSettings)
    hub: HubSettings = field(default_factory=HubSettings)
    cloudevents: CloudeventsSettings = field(default_factory=CloudeventsSettings)
    entra_workflow: EntraWorkflowSettings = field(default_factory=EntraWorkflowSettings)
    ibm_verify: IbmVerifySettings = field(default_factory=IbmVerifySettings)
    bamboohr: HrSettings = field(default_factory=HrSettings)
    hibob: HrSettings = field(default_factory=HrSettings)
    personio: HrSettings = field(default_factory=HrSettings)
    gusto: HrSettings = field(default_factory=HrSettings)

    def of(self, name: str) -> SourceSettings:
        """Return the settings of the source *name*; KeyError if there is none."""
        if name not in SOURCE_NAMES:
            raise KeyError(name)
        found: SourceSettings = getattr(self, name)
        return found

    def __iter__(self) -> Iterator[tuple[str, SourceSettings]]:
        return ((name, self.of(name)) for name in SOURCE_NAMES)


SOURCE_NAMES: tuple[str, ...] = tuple(each.name for each in fields(Sources))
