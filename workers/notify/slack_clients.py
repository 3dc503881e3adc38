"""The SDK's two clients, without redirects and without a log of their own.

They replace the one method of each that opens the connection: it is the SDK's own and
may change with it, so tests see to it that this still holds.
"""

import http.client
import json
import logging
import urllib.request
from typing import IO, Any, Final
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient, WebhookResponse

from config.settings import LOOPBACK, Secret

_TIMEOUT_SECONDS: Final = 5
_LONGEST_ANSWER_BYTES: Final = 1_000_000


def web_client(token: Secret, api_url: str) -> WebClient:
    """Build the client of the Web API at *api_url*."""
    return _DirectWebClient(
        token=token.reveal(),
        base_url=api_url,
        timeout=_TIMEOUT_SECONDS,
        retry_handlers=[],
        logger=_silent(),
    )


def webhook_client(url: Secret) -> WebhookClient:
    """Build the client of an incoming webhook."""
    return _DirectWebhookClient(
        url.reveal(), timeout=_TIMEOUT_SECONDS, retry_handlers=[], logger=_silent()
    )


class _DirectWebClient(WebClient):
    """Posts to the Web API and follows no redirect."""

    def _perform_urllib_http_request_internal(
        self, url: str, req: urllib.request.Request
    ) -> dict[str, Any]:
        with _opener(url, self.proxy).open(req, timeout=self.timeout) as answer:
            body = _text_of(answer)
            if not isinstance(_json(body), dict):
                # the SDK would fall over JSON that is no object
                raise http.client.HTTPException("not an object")
            return {"status": answer.code, "headers": answer.headers, "body": body}


class _DirectWebhookClient(WebhookClient):
    """Posts to a webhook and follows no redirect."""

    def _perform_http_request_internal(
        self, url: str, req: urllib.request.Request
    ) -> WebhookResponse:
        with _opener(url, self.proxy).open(req, timeout=self.timeout) as answer:
            return WebhookResponse(
                url=url,
                status_code=answer.status,
                body=_text_of(answer),
                headers=dict(answer.headers.items()),
            )


def _text_of(answer: http.client.HTTPResponse) -> str:
    charset = answer.headers.get_content_charset() or "utf-8"
    return answer.read(_LONGEST_ANSWER_BYTES).decode(charset)


def _json(body: str) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nothing: urllib would carry the token to wherever it is sent."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> None:
        return None


def _opener(url: str, proxy: str | None) -> urllib.request.OpenerDirector:
    """Open *url* through *proxy*, if any; loopback never goes through one."""
    is_local = urlsplit(url).hostname in LOOPBACK
    proxies = {} if is_local or not proxy else {"http": proxy, "https": proxy}
    return urllib.request.build_opener(
        urllib.request.ProxyHandler(proxies), _NoRedirect()
    )


def _silent() -> logging.Logger:
    """Give the SDK a logger that says nothing: it would log addresses and bodies."""
    logger = logging.getLogger("workers.notify.slack.sdk")
    logger.setLevel(logging.CRITICAL + 1)
    return logger
