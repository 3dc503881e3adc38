"""What the doctor says of Slack's buttons: whether a press could come in at all."""

from config.settings import Settings
from workers.offboarding.health import Check, Verdict

_WHAT = "slack_buttons"
_NAME_THEM = (
    "Write who they are behind their ids in OFFBOARD_SLACK_USERS "
    "(TEAM/USER:role:person), and the same person behind a token of theirs."
)


def slack_checks(settings: Settings) -> tuple[Check, ...]:
    """Tell whether buttons and commands can work; nothing where no bot is set up."""
    if settings.slack_bot_token is None and not settings.slack_signing_secret:
        return ()
    if not settings.slack_signing_secret:
        # Reports alone are a way to run it, and no fault.
        text = (
            "Reports in Slack have no buttons, and /offboard answers nobody: "
            "OFFBOARD_SLACK_SIGNING_SECRET is not set (docs/slack.md)."
        )
        return (Check(_WHAT, Verdict.OK, text),)
    if not settings.slack_users:
        text = (
            "Nobody may press a button or use /offboard in Slack: the list of people "
            "is empty."
        )
        mend = (
            "Set OFFBOARD_SLACK_USERS, for web and workers. Who presses without being "
            "on it is told the ids to put there."
        )
        return (Check(_WHAT, Verdict.UNPROVEN, text, mend=mend),)
    may_act = [one for one in settings.slack_users if one.role != "viewer"]
    unnamed = sum(one.behind is None for one in may_act)
    if unnamed:
        return (Check(_WHAT, Verdict.UNPROVEN, _unnamed(unnamed), mend=_NAME_THEM),)
    return (Check(_WHAT, Verdict.OK, _good(settings)),)


def _unnamed(many: int) -> str:
    people = "1 person" if many == 1 else f"{many} people"
    return (
        f"{people} who may start or approve in Slack cannot be told from whoever has a "
        "token: with one of their own they could approve what they asked for "
        "themselves."
    )


def _good(settings: Settings) -> str:
    many = len(settings.slack_users)
    people = "1 person" if many == 1 else f"{many} people"
    approvers = sum(one.role == "approver" for one in settings.slack_users)
    return f"{people} may press or type in Slack, {approvers} of them as approver."
