"""What each reason means to people: its sentence, who can mend it, the command.

Knows no case and no target; words in capitals stand for what the reader puts there.
The roles are those IBM's documentation asks for; that each error comes back as foreseen
is not confirmed against a live account.
"""

from dataclasses import dataclass
from typing import Final

from workers.offboarding.errors import Reason

KUBERNETES_ADMIN: Final = "an administrator of Kubernetes Service in the account"
IAM_ADMIN: Final = "an administrator of IAM in the account"
FUNCTIONAL_ID: Final = (
    "whoever can log in as the functional ID; nobody else may run this, since the one "
    "who resets becomes the owner"
)
OPERATOR: Final = "an operator of this service, with whoever told it of the departure"
KEY_KEEPER: Final = "whoever can log in as the functional ID and runs this service"
CLASSIC_ADMIN: Final = "an administrator of classic infrastructure in the account"
RUNNER: Final = "whoever runs this service, in its settings or its accounts file"
RUNNER_OF_WORKERS: Final = "whoever runs this service: see that workers and beat run"
APPROVER: Final = "an approver of this service who did not ask for it"
NOBODY: Final = "nobody: it says how things are"

_INFO: Final = "ibmcloud ks api-key info --cluster CLUSTER"
_RESET: Final = (
    "ibmcloud target -g GROUP -r REGION && ibmcloud ks api-key reset --region REGION"
)
_NEW_KEY: Final = (
    "ibmcloud target -c ACCOUNT && ibmcloud iam api-key-create offboard "
    "--file offboard-apikey.json"
)
_USERS: Final = "ibmcloud account users --output json"
_APPROVE: Final = "offboard case approve ID --plan-hash HASH"
_SHOW: Final = "offboard case show ID --watch"


@dataclass(frozen=True, slots=True)
class Told:
    """One reason in words; ``command`` is None where none helps."""

    sentence: str
    who: str
    command: str | None = None


REASONS: Final = {
    Reason.NO_CLUSTER: Told(
        "There is no readable cluster here, and a key's owner is seen only through a "
        "cluster.",
        FUNCTIONAL_ID,
        _RESET,
    ),
    Reason.OWNER_UNKNOWN: Told(
        "IBM Cloud answered without naming the key's owner.", KUBERNETES_ADMIN, _INFO
    ),
    Reason.UNREACHABLE: Told(
        "IBM Cloud could not be reached, or kept answering with errors.",
        KUBERNETES_ADMIN,
        _INFO,
    ),
    Reason.RATE_LIMITED: Told(
        "IBM Cloud asked to be called less often, or the service's own limit of "
        "requests was used up, for longer than it was waited.",
        "an operator of this service, when it is quieter; see "
        "OFFBOARD_IBM_CLOUD_REQUESTS_PER_10_SECONDS",
        "offboard case retry ID",
    ),
    Reason.NO_ROLE: Told(
        "IBM Cloud refused: a role is missing, or an address restriction keeps this "
        "service out.",
        IAM_ADMIN,
        "ibmcloud iam user-policy-create READER --roles Viewer "
        "--service-name containers-kubernetes",
    ),
    Reason.NO_FUNCTIONAL_ID: Told(
        "No functional ID is set up that may own this, so there is nobody to reset it "
        "to.",
        RUNNER,
        "offboard doctor",
    ),
    Reason.ACCOUNT_REMOVED: Told(
        "The account was taken out of this service's settings, so nothing is read or "
        "written there any more.",
        RUNNER,
        "offboard doctor",
    ),
    Reason.MISSING_ROLE: Told(
        "The functional ID lacks a role that the clusters here need of their key: with "
        "its key they would fail for everybody.",
        IAM_ADMIN,
        "offboard permissions --account ACCOUNT",
    ),
    Reason.FUNCTIONAL_ID_INACTIVE: Told(
        "The functional ID is not an active user of the account: its invitation is "
        "open, or it was suspended, so it cannot take a key over.",
        IAM_ADMIN,
        _USERS,
    ),
    Reason.FUNCTIONAL_ID_LOCKED: Told(
        "The functional ID is a locked service ID, for which no API key can be made.",
        IAM_ADMIN,
        "ibmcloud iam service-id-unlock FUNCTIONAL_ID",
    ),
    Reason.CANNOT_CREATE_KEY: Told(
        "The functional ID may not create an API key, which each reset does.",
        IAM_ADMIN,
        "offboard permissions --account ACCOUNT",
    ),
    Reason.BAD_KEY: Told(
        "IBM Cloud did not accept this service's own API key: it was deleted, disabled "
        "or locked, or its identity is gone.",
        KEY_KEEPER,
        _NEW_KEY,
    ),
    Reason.WRONG_ACCOUNT: Told(
        "The API key given to this service belongs to another account.",
        KEY_KEEPER,
        _NEW_KEY,
    ),
    Reason.WRONG_IDENTITY: Told(
        "The API key in hand is not the planned functional ID's, and whoever asks for "
        "a reset becomes the owner.",
        KEY_KEEPER,
        _NEW_KEY,
    ),
    Reason.NOT_FOUND: Told(
        "IBM Cloud says that the cluster or the resource group does not exist or may "
        "not be seen; it has said so of clusters that exist.",
        KUBERNETES_ADMIN,
        "ibmcloud ks cluster get --cluster CLUSTER",
    ),
    Reason.WRONG_PROVIDER: Told(
        "IBM Cloud says that the cluster is of another kind than was asked for.",
        KUBERNETES_ADMIN,
        "ibmcloud ks cluster get --cluster CLUSTER",
    ),
    Reason.KEY_NOT_USABLE: Told(
        "IBM Cloud says that the API key stored here cannot be used.",
        FUNCTIONAL_ID,
        _RESET,
    ),
    Reason.KEY_LIMIT: Told(
        "The functional ID has no room for another API key: IAM allows 20 for each "
        "identity unless the limit was raised.",
        "whoever can log in as the functional ID",
        "ibmcloud iam api-keys",
    ),
    Reason.REFUSED_BY_IBM_CLOUD: Told(
        "IBM Cloud refused, and asking again will not help.", FUNCTIONAL_ID, _RESET
    ),
    Reason.UNEXPECTED_ANSWER: Told(
        "IBM Cloud's answer could not be understood, so it was not taken for a yes.",
        KUBERNETES_ADMIN,
        _INFO,
    ),
    Reason.OWNER_NOT_SHOWN: Told(
        "A reset was sent, but the functional ID did not show as the owner in time.",
        KUBERNETES_ADMIN,
        _INFO,
    ),
    Reason.ANOTHER_OWNER: Told(
        "The key belongs to somebody else now.", KUBERNETES_ADMIN, _INFO
    ),
    Reason.GAVE_UP: Told(
        "The work here broke off several times without an end, so it was stopped.",
        KUBERNETES_ADMIN,
        _INFO,
    ),
    Reason.PROTECTED_USER: Told(
        "This person is on the list of people nobody may offboard, or is one of this "
        "service's own identities.",
        OPERATOR,
        _USERS,
    ),
    Reason.AMBIGUOUS_PERSON: Told(
        "More than one person in the account fits, and the service does not guess.",
        OPERATOR,
        _USERS,
    ),
    Reason.PAUSED: Told(
        "Resets are paused; none is sent until the pause ends.",
        "an approver of this service",
        "offboard resume",
    ),
    Reason.REFUSED_PLAN: Told(
        "An approver refused the rest of the plan, so nothing more was written.",
        "an operator of this service, with the approver who refused it",
        "offboard case retry ID",
    ),
    Reason.TOO_MANY_TARGETS: Told(
        "The plan has more resets than one case may make by itself; see "
        "OFFBOARD_MAX_TARGETS_PER_CASE.",
        APPROVER,
        _APPROVE,
    ),
    Reason.PLAN_CHANGED: Told(
        "What would be reset changed since the plan was approved, and the approval "
        "does not cover it.",
        APPROVER,
        _APPROVE,
    ),
    Reason.APPROVER_NOT_LISTED: Told(
        "Whoever approved the plan is not one of the approvers that the accounts file "
        "names for an account in it.",
        "an approver whom the accounts file names for each account of the plan",
        _APPROVE,
    ),
    Reason.ANSWERS_LITTLE: Told(
        "The account answers with far less than it had at the last survey, so what "
        "was seen may be only a part.",
        APPROVER,
        "offboard doctor",
    ),
    Reason.CANARY_FAILED: Told(
        "The reset that went first, as a canary, was not verified, so the others wait.",
        APPROVER,
        _APPROVE,
    ),
    Reason.PREFLIGHT_UNKNOWN: Told(
        "It cannot be told whether the functional ID has the rights it needs here, "
        "since not all of its policies, its state and its keys could be read.",
        APPROVER,
        _APPROVE,
    ),
    Reason.RULE_BROKEN: Told(
        "The service was about to write what breaks one of its own rules, which is a "
        "fault in it. Nothing of that was written, and the case was stopped.",
        "an approver of this service, once whoever runs it has read its log; approving "
        "looks at the account anew, refusing ends what is not begun",
        _APPROVE,
    ),
    Reason.STUCK: Told(
        "A step of the case broke off again and again, with a fault in the log or "
        "without a word, so the case was stopped.",
        "an approver of this service, once whoever runs it has read its log; approving "
        "looks at the account anew, refusing ends what is not begun",
        _APPROVE,
    ),
    Reason.BRAKE: Told(
        "More departures came within an hour than are acted on without a person's "
        "word, so this one waits for it; see OFFBOARD_MAX_CASES_PER_HOUR.",
        "an approver of this service, for all of them at once",
        "offboard brake show",
    ),
    Reason.BLIND_SPOT: Told(
        "An approver accepted for a while that this target cannot be read.",
        NOBODY,
        "offboard blind-spot list",
    ),
    Reason.EXTRA_RESET: Told(
        "A worker stood still between its last look and its call for longer than its "
        "lease, and sent its reset after another had taken the work over: the key was "
        "reset once more than it had to be.",
        KUBERNETES_ADMIN,
        _INFO,
    ),
    Reason.FEW_KEY_SLOTS: Told(
        "The functional ID can get fewer than three more API keys, and each reset "
        "takes one.",
        KEY_KEEPER,
        "ibmcloud iam api-keys",
    ),
    Reason.FUNCTIONAL_ID_SHARED: Told(
        "One identity is the functional ID of two accounts: its raw key lies in every "
        "cluster, and who administers a cluster in one account can act in the other.",
        RUNNER,
        "offboard doctor",
    ),
    Reason.FUNCTIONAL_ID_BROAD: Told(
        "The functional ID has rights far beyond what its clusters need: its raw key "
        "lies in every cluster, readable by their administrators.",
        IAM_ADMIN,
        "offboard permissions --account ACCOUNT",
    ),
    Reason.NOT_ARMED: Told(
        "The service, or this account, is not armed, so nothing is written there.",
        "whoever runs this service: set OFFBOARD_ARMED=1, and no armed = false in the "
        "accounts file",
    ),
    Reason.PERSON_NOT_FOUND: Told(
        "Nobody in the account has this e-mail or IAM ID: it may be misspelt, or the "
        "person may be removed already.",
        OPERATOR,
        _USERS,
    ),
    Reason.SCOPE_LIMITED: Told(
        "Only a part of the account was asked for; what lies outside was not dealt "
        "with.",
        NOBODY,
    ),
    Reason.SCOPE_UNMATCHED: Told(
        "The part asked for names a region or a resource group in which no cluster was "
        "seen: it may be misspelt.",
        OPERATOR,
        "ibmcloud ks cluster ls --output json",
    ),
    Reason.LIST_UNREADABLE: Told(
        "A list in the account could not be read, so there may be more than is shown "
        "here.",
        IAM_ADMIN,
        "offboard doctor",
    ),
    Reason.LIST_SHORT: Told(
        "A list in the account came back empty, or shorter than the account's other "
        "evidence, so there may be more than is shown here.",
        IAM_ADMIN,
        "offboard doctor",
    ),
    Reason.INDEX_STALE: Told(
        "No survey has been finished for two intervals, so exposure shows how things "
        "were.",
        RUNNER_OF_WORKERS,
        "offboard doctor",
    ),
    Reason.VISIBILITY_NOT_PROVEN: Told(
        "The policies of the identity that reads do not prove that it can see every "
        "cluster and everybody's API keys; what it cannot see is missing without a "
        "trace.",
        IAM_ADMIN,
        "offboard doctor",
    ),
    Reason.CLASSIC_CREDENTIAL: Told(
        "A classic infrastructure credential of this person is in force; it overrides "
        "the API key for classic clusters, and ends with the person.",
        CLASSIC_ADMIN,
        "ibmcloud target -g GROUP -r REGION && "
        "ibmcloud ks credential get --region REGION",
    ),
    Reason.CLASSIC_CREDENTIAL_ELSEWHERE: Told(
        "A classic infrastructure credential of this person is in force where the "
        "cluster API key is somebody else's.",
        CLASSIC_ADMIN,
        "ibmcloud target -g GROUP -r REGION && "
        "ibmcloud ks credential get --region REGION",
    ),
    Reason.JOINED: Told(
        "This person has another open case, and this one goes on there.", NOBODY, _SHOW
    ),
    Reason.TAKEN_BACK: Told(
        "The source that told of the departure took it back before it arrived.",
        NOBODY,
    ),
    Reason.OWNS_TARGETS: Told(
        "This person owns cluster API keys: removing them now breaks the clusters "
        "behind.",
        "an operator of this service",
        "offboard run USER --apply",
    ),
    Reason.CASE_NOT_SAFE: Told(
        "A case of this person is not fully safe yet: it is open, needs attention, has "
        "follow-ups that are not done, or its clusters have not had the time to pick "
        "the new key up.",
        "an operator of this service",
        _SHOW,
    ),
    Reason.READING_UNDER_WAY: Told(
        "The account is still being read for this answer; ask again in a moment.",
        "whoever asked",
        "offboard gate USER",
    ),
}


def sentence(reason: Reason) -> str:
    """Say in one sentence what *reason* is, without regard to any outcome."""
    return REASONS[reason].sentence
