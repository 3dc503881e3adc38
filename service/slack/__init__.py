"""What people type and press in Slack: proven, then authorised, then done once."""

from service.slack.door import slack

__all__ = ["slack"]
