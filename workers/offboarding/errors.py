"""What can go wrong, in one bit: again or never. Knows nothing of who raised it."""

from enum import StrEnum


class Reason(StrEnum):
    """Why something ended as it did; metrics, logs and reports count by it.

    Each member has its sentence, its owner and its command in ``advice.py``.
    """

    # why a target could not be read, or was not reset
    NO_CLUSTER = "no_cluster"
    OWNER_UNKNOWN = "owner_unknown"
    UNREACHABLE = "unreachable"
    NO_ROLE = "no_role"
    BAD_KEY = "bad_key"
    WRONG_ACCOUNT = "wrong_account"
    WRONG_IDENTITY = "wrong_identity"
    NOT_FOUND = "not_found"
    KEY_NOT_USABLE = "key_not_usable"
    KEY_LIMIT = "key_limit"
    NO_FUNCTIONAL_ID = "no_functional_id"
    ACCOUNT_REMOVED = "account_removed"
    MISSING_ROLE = "missing_role"
    FUNCTIONAL_ID_INACTIVE = "functional_id_inactive"
    FUNCTIONAL_ID_LOCKED = "functional_id_locked"
    CANNOT_CREATE_KEY = "cannot_create_key"
    WRONG_PROVIDER = "wrong_provider"
    RATE_LIMITED = "rate_limited"
    REFUSED_BY_IBM_CLOUD = "refused_by_ibm_cloud"
    UNEXPECTED_ANSWER = "unexpected_answer"
    OWNER_NOT_SHOWN = "owner_not_shown"
    ANOTHER_OWNER = "another_owner"
    GAVE_UP = "gave_up"
    REFUSED_PLAN = "refused_plan"
    # why a plan waits, or was turned away
    PROTECTED_USER = "protected_user"
    AMBIGUOUS_PERSON = "ambiguous_person"
    PAUSED = "paused"
    TOO_MANY_TARGETS = "too_many_targets"
    PLAN_CHANGED = "plan_changed"
    APPROVER_NOT_LISTED = "approver_not_listed"
    ANSWERS_LITTLE = "answers_little"
    CANARY_FAILED = "canary_failed"
    PREFLIGHT_UNKNOWN = "preflight_unknown"
    BRAKE = "brake"
    RULE_BROKEN = "rule_broken"
    STUCK = "stuck"
    # what a reader of the case has to know besides
    NOT_ARMED = "not_armed"
    PERSON_NOT_FOUND = "person_not_found"
    SCOPE_LIMITED = "scope_limited"
    SCOPE_UNMATCHED = "scope_unmatched"
    LIST_UNREADABLE = "list_unreadable"
    LIST_SHORT = "list_short"
    INDEX_STALE = "index_stale"
    VISIBILITY_NOT_PROVEN = "visibility_not_proven"
    CLASSIC_CREDENTIAL = "classic_credential"
    CLASSIC_CREDENTIAL_ELSEWHERE = "classic_credential_elsewhere"
    JOINED = "joined"
    TAKEN_BACK = "taken_back"
    BLIND_SPOT = "blind_spot"
    EXTRA_RESET = "extra_reset"
    # what makes a functional ID a weak one
    FEW_KEY_SLOTS = "few_key_slots"
    FUNCTIONAL_ID_SHARED = "functional_id_shared"
    FUNCTIONAL_ID_BROAD = "functional_id_broad"
    # why the gate does not say safe
    OWNS_TARGETS = "owns_targets"
    CASE_NOT_SAFE = "case_not_safe"
    READING_UNDER_WAY = "reading_under_way"


class OffboardingError(Exception):
    """Something we foresaw went wrong. The message is fit for a report."""


class TransientError(OffboardingError):
    """Worth trying again: timeout, 429, 5xx, store away.

    Attributes:
        reason: What to report if trying again never helps.
        retry_after_seconds: The far side's own figure, where it gave one.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: Reason = Reason.UNREACHABLE,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


class PermanentError(OffboardingError):
    """Trying again will not help; a person must act."""

    def __init__(self, message: str, *, reason: Reason) -> None:
        super().__init__(message)
        self.reason = reason


class LostAnswerError(OffboardingError):
    """A reset was sent and its answer never came: it may or may not have happened."""


class LeaseLostError(OffboardingError):
    """Somebody else holds this piece of work now; what we have must not be written."""


class PausedError(OffboardingError):
    """Resets are paused; nothing was written, and the work comes back."""


class UnderWayError(OffboardingError):
    """Another case has a reset of this target out; it has to be read back first."""


class CaseChangedError(OffboardingError):
    """The case changed since it was read: read it again and start the step anew."""


class CaseCancelledError(OffboardingError):
    """The case was cancelled; nothing more may be done for it."""


class StoreAwayError(OffboardingError):
    """The store cannot be reached, or cannot write. Nothing was acknowledged."""


class NoSuchCaseError(OffboardingError):
    """No case has this id."""


class CaseDamagedError(OffboardingError):
    """What the store has of a case cannot be read."""

    def __init__(self, case_id: str) -> None:
        super().__init__(
            f"What the store has of case {case_id} cannot be read: `offboard doctor` "
            "says what can be done."
        )
        self.case_id = case_id


class NotSealedError(OffboardingError):
    """No evidence of it is sealed yet: a worker does that within seconds."""


class NoSuchFollowUpError(OffboardingError):
    """The case has no follow-up of this number."""


class NoSuchDeliveryError(OffboardingError):
    """No delivery in quarantine has this id."""


class NoSuchNoticeError(OffboardingError):
    """No notice has this id, or it is forgotten by now."""


class TooSoonError(OffboardingError):
    """Somebody asked for the same a moment ago.

    Attributes:
        notice_id: What came of that.
        retry_after_seconds: When it may be asked for again.
    """

    def __init__(self, notice_id: str, *, retry_after_seconds: float) -> None:
        super().__init__(f"The channels were tried a moment ago: {notice_id}.")
        self.notice_id = notice_id
        self.retry_after_seconds = retry_after_seconds


class ConflictError(OffboardingError):
    """The request does not fit the state the case is in; the message says why."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
