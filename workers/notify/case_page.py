"""Where a report links to: the page of its case. Whether one exists is a setting."""

from urllib.parse import quote


def case_page(public_url: str | None, case_id: str | None) -> str | None:
    """Return the address of the case's page; None where there is none."""
    if public_url is None or case_id is None:
        return None
    return f"{public_url.rstrip('/')}/cases/{quote(case_id, safe='')}"
