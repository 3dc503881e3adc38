"""What a service needs to be set up with, so that a source can be played at it.

A source whose samples need more than its secret adds a line to ``MORE``; one that needs
a server beside it is played in its own tests and stands in ``ELSEWHERE``.
"""

ZONE = {"TIMEZONE": "Europe/Berlin"}
API = {"API_URL": "https://hr.example.com", "API_TOKEN": "api-token-of-hr-1"}

MORE = {
    "standard": {"SECRET": "whsec_ZGVtby1zZWNyZXQtZm9yLWRvY3Mtb25seS0wMDAwMDAx"},
    "cloudevents": {"ORIGINS": "hr.example.com"},
    "entra_workflow": {"WORKFLOWS": "8a7c3b1d-1b8e-4a2e-b8a1-7f0d9f2b5c05"},
    "entra_graph": {
        "TENANT_ID": "11111111-2222-4333-8444-555555555555",
        "SUBSCRIPTION_IDS": "aaaaaaaa-2222-4333-8444-555555555555",
        "CLIENT_ID": "bbbbbbbb-2222-4333-8444-555555555555",
    },
    "bamboohr": ZONE,
    "hibob": ZONE | API,
    "personio": ZONE | API,
    "gusto": ZONE | API,
}
# Whose keys come from a server.
ELSEWHERE = {"ssf"}


def environ_of(source):
    """Return the settings of one source, as a service and a command read them."""
    mine = {"SECRET": f"played-secret-of-{source}", **MORE.get(source, {})}
    prefix = f"OFFBOARD_SOURCE_{source.upper()}_"
    return {prefix + name: value for name, value in mine.items()}


def outcome_of(desk):
    """Name what came of a play, as far as a desk shows it."""
    if desk.departures:
        return "departure"
    if desk.withdrawals:
        return "withdrawal"
    return "look_up" if desk.hints else "nothing"


# What comes of a play, by the first words of a sample's own ``leads_to``.
MEANT = {
    "a departure": "departure",
    "a look-up": "look_up",
    "nothing": "nothing",
    "quarantine": "nothing",
    "what it told is taken back": "withdrawal",
}
# What depends on more than the sample is proven by the source's own tests.
_CONDITIONS = (" if ", " where ", " unless ", " else ")


def meant_by(leads_to):
    """Return what a sample says comes of it; None where its words are its own."""
    if is_conditional(leads_to):
        return None
    found = [
        meant for words, meant in MEANT.items() if leads_to.lower().startswith(words)
    ]
    return found[0] if found else None


def is_conditional(leads_to):
    """Tell whether what comes of a sample depends on more than itself."""
    return any(word in leads_to for word in _CONDITIONS)


def says_it_is_kept(leads_to):
    """Tell whether a sample says that something of it goes to quarantine."""
    return "kept" in leads_to or "quarantine" in leads_to
