"""What can go wrong between the command line and the service, told in lines.

It turns statuses and connection faults into one error; exit codes are not its matter.
"""

from typing import Any, Final

import requests
from urllib3.exceptions import NewConnectionError

from service.call_error import CallError, Fault

_OF_STATUS: Final = {
    401: Fault.DENIED,
    403: Fault.DENIED,
    404: Fault.INVALID,
    409: Fault.REFUSED,
    413: Fault.INVALID,
    422: Fault.INVALID,
    429: Fault.UNREACHABLE,
}
_OF_TYPE: Final = {"/problems/no-channel": Fault.NO_CHANNEL}
_IN_DOUBT: Final = "It may have been carried out all the same."


def refusal_of(status: int, problem: dict[str, Any] | None, where: str) -> CallError:
    """Turn an answer that is no success into an error.

    Args:
        status: The answer's status.
        problem: Its body (RFC 9457), None where it is no JSON object.
        where: The service's address, fit for a screen.
    """
    problem = problem or {}
    said = _said(problem) or (f"{where} answered {status}.",)
    if status == 401:
        return CallError(Fault.DENIED, "The service did not accept OFFBOARD_TOKEN.")
    by_type = _OF_TYPE.get(str(problem.get("type")))
    if by_type is not None:
        return CallError(by_type, *said)
    if status >= 500:
        return CallError(Fault.UNREACHABLE, *said)
    has_no_route = status in (404, 405) and problem.get("title") in _NO_ROUTE
    if status < 400 or has_no_route:
        return not_ours(f"{where} answered {status}, not as this service does")
    return CallError(_OF_STATUS.get(status, Fault.OURS), *said)


# The titles of 404 and 405 where it is the route that is missing; a case that is not
# there has a title of its own.
_NO_ROUTE: Final = ("Not Found", "Method Not Allowed", None)


def not_ours(what: str) -> CallError:
    """Say that whoever answers is not this service, or another version of it."""
    return CallError(Fault.NOT_OURS, f"{what}. See OFFBOARD_URL.")


def connection_fault(error: requests.RequestException, where: str) -> CallError:
    """Turn what requests raised into an error; its own words may quote anything."""
    if not is_passing(error):
        return CallError(Fault.BAD_ADDRESS, "OFFBOARD_URL: It cannot be called.")
    match error:
        case requests.exceptions.SSLError():
            why = "its certificate was not accepted"
        case requests.Timeout():
            why = "it did not answer in time"
        case _:
            why = "no connection, or it broke off"
    return CallError(Fault.UNREACHABLE, f"{where} cannot be reached: {why}.")


def in_doubt(error: CallError) -> CallError:
    """Add to *error* that the request may have been carried out."""
    return CallError(error.fault, *error.lines, _IN_DOUBT)


def is_passing(error: requests.RequestException) -> bool:
    """Tell whether asking again may help."""
    passing = (
        requests.ConnectionError,
        requests.Timeout,
        requests.exceptions.ChunkedEncodingError,
        requests.exceptions.ContentDecodingError,
    )
    return isinstance(error, passing)


def never_arrived(error: requests.RequestException) -> bool:
    """Tell whether the request surely never left: no connection came about."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(
        cause, NewConnectionError
    )


def _said(problem: dict[str, Any]) -> tuple[str, ...]:
    """Read what a problem says, one line each; fields where it names some."""
    errors = problem.get("errors")
    if isinstance(errors, dict) and errors:
        return tuple(
            f"{path}: {sentence}"
            for path, sentences in errors.items()
            for sentence in (sentences if isinstance(sentences, list) else [sentences])
        )
    detail, request_id = problem.get("detail"), problem.get("request_id")
    if not isinstance(detail, str) or not detail:
        return ()
    named = isinstance(request_id, str) and problem.get("status") == 500
    return (detail, f"Request {request_id}.") if named else (detail,)
