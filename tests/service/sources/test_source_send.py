"""`offboard source send`, against a service that plays its part."""

import base64
import hashlib
import hmac
import http.server
import json
import threading

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fake_api import CASE_ID, FakeApi, Says, a_problem
from standardwebhooks.webhooks import Webhook

from service.cli import main
from service.playing import play, shown_path
from service.sources.samples.sample import Outgoing

USER = "dana.lee@example.com"
SECRET = "whsec_ZGVtby1zZWNyZXQtZm9yLWRvY3Mtb25seS0wMDAwMDAx"
STANDARD = ("POST", "/events/standard")
TAKEN = Says({"cases": [CASE_ID]}, 202)
KEY = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
WHPK = "whpk_" + base64.b64encode(KEY.public_key().public_bytes_raw()).decode()


@pytest.fixture
def api():
    running = FakeApi()
    yield running
    running.close()


@pytest.fixture
def send(api):
    def sent(*words, user=USER, url=api.url, beside=None, **environ):
        given = {"STANDARD_SECRET": SECRET, **environ}
        env = {f"OFFBOARD_SOURCE_{name}": value for name, value in given.items()}
        command = ["source", "send", *words, *(("--user", user) if user else ())]
        env |= {"OFFBOARD_URL": url, **(beside or {})}
        return CliRunner(env=env).invoke(main, command)

    return sent


def test_what_is_sent_is_shown_and_the_case_named(api, send):
    api.script(STANDARD, TAKEN)

    done = send("standard", "departed")

    assert done.exit_code == 0
    assert done.stderr.splitlines() == [
        "standard departed: a departure, now",
        "If the service is armed, this is REAL: keys of this person are reset. If it is"
        " not, the case is a dry run.",
        "POST /events/standard",
    ]
    assert done.stdout.splitlines() == [
        "202 Accepted",
        f"Case {CASE_ID}. See it with:",
        f"offboard case show {CASE_ID}",
    ]


def test_settings_that_are_armed_are_said_before_a_departure_is_told(api, send):
    # Armed needs a report channel, here as in the service.
    channel = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_CHANNEL_ID": "C1"}
    armed = {f"OFFBOARD_{name}": value for name, value in channel.items()}

    done = send("standard", "departed", beside={"OFFBOARD_ARMED": "1", **armed})

    assert "OFFBOARD_ARMED=1 is set here." in done.stderr
    assert "this is REAL: keys of this person are reset." in done.stderr


@pytest.mark.parametrize("kind", ["suspended", "reactivated"])
def test_what_resets_nothing_is_not_warned_of(api, send, kind):
    assert "REAL" not in send("standard", kind).stderr


def test_an_answer_without_a_case_says_where_to_look(api, send):
    api.script(STANDARD, Says({"cases": []}, 202))

    done = send("standard", "departed", user="o'neil@example.com")

    assert done.stdout.splitlines() == [
        "202 Accepted",
        "The answer names no case. See what came of it with:",
        """offboard case list --user 'o'"'"'neil@example.com'""",
        "offboard quarantine list",
    ]


def test_of_what_leads_to_nothing_the_answer_is_all_that_is_shown(api, send):
    api.script(STANDARD, Says({"cases": []}, 202))

    assert send("standard", "suspended").stdout == "202 Accepted\n"


def test_the_senders_own_id_stands_in_what_is_sent(api, send):
    done = send(
        *("okta", "deactivate", "--id", "00u1abcdEXAMPLE"), OKTA_SECRET="okta-secret-1"
    )

    (asked,) = api.asked
    (event,) = asked.body["data"]["events"]
    assert event["target"][0]["id"] == "00u1abcdEXAMPLE", done.stderr


@pytest.mark.parametrize(
    ("source", "sender_id", "said"),
    [
        ("standard", "E-157", "--id: standard tells of people by e-mail or IAM ID"),
        ("okta", "", "--id: Give 1 to 200 printable characters."),
        ("okta", "00u\n", "--id: Give 1 to 200 printable characters."),
        ("okta", "0" * 201, "--id: Give 1 to 200 printable characters."),
    ],
)
def test_an_id_that_cannot_be_used_is_said_before_anything_is_sent(
    api, send, source, sender_id, said
):
    kind = {"standard": "departed", "okta": "deactivate"}[source]

    done = send(source, kind, "--id", sender_id, OKTA_SECRET="okta-secret-1")

    assert (done.exit_code, api.asked) == (2, [])
    assert said in done.stderr


def test_the_answer_comes_as_json_where_that_is_asked_for(api, send):
    api.script(STANDARD, TAKEN)

    done = send("standard", "departed", "-o", "json")

    assert json.loads(done.stdout) == {
        "schema": 1,
        "source": "standard",
        "kind": "departed",
        "leads_to": "a departure, now",
        "cases": [CASE_ID],
        "answers": [
            {
                "sent": "POST /events/standard",
                "status": 202,
                "body": {"cases": [CASE_ID]},
            }
        ],
    }


def test_it_is_sent_once_without_a_token_of_ours(api, send):
    send("standard", "departed")

    (asked,) = api.asked
    assert "authorization" not in asked.headers
    assert asked.body["data"]["subjects"] == [{"format": "email", "email": USER}]


@pytest.fixture
def listener():
    """Keeps the bytes of one request: a signature is over bytes and not over JSON."""
    found = {}

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            found["headers"] = {k.lower(): v for k, v in self.headers.items()}
            found["raw"] = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    found["url"] = f"http://127.0.0.1:{server.server_port}"
    yield found
    server.shutdown()
    thread.join(5)
    server.server_close()


def test_the_published_library_takes_our_signature(listener, send):
    done = send("standard", "departed", url=listener["url"])

    assert done.exit_code == 0
    # It raises unless the signature is right.
    Webhook(SECRET).verify(listener["raw"].decode(), listener["headers"])


def test_a_hub_signature_is_over_the_bytes_that_are_sent(listener, send):
    send("hub", "departed", url=listener["url"], HUB_SECRET="hub-demo-secret")

    digest = hmac.new(b"hub-demo-secret", listener["raw"], hashlib.sha256).hexdigest()
    assert listener["headers"]["x-hub-signature-256"] == f"sha256={digest}"


def test_the_first_of_two_secrets_is_used(listener, send):
    send(
        "hub",
        "departed",
        url=listener["url"],
        HUB_SECRET="hub-demo-secret,hub-older-secret",
    )

    digest = hmac.new(b"hub-demo-secret", listener["raw"], hashlib.sha256).hexdigest()
    assert listener["headers"]["x-hub-signature-256"] == f"sha256={digest}"


def test_a_proxy_or_netrc_does_not_change_what_proves_the_sender(
    listener, send, tmp_path, monkeypatch
):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    done = send(
        "bearer", "departed", url=listener["url"], BEARER_SECRET="bearer-token-1"
    )

    assert done.exit_code == 0
    assert listener["headers"]["authorization"] == "Bearer bearer-token-1"


def test_a_netrc_entry_of_a_far_host_does_not_either(listener, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("NO_PROXY", "*")
    # Another name of this machine, so that the environment is looked at.
    url = listener["url"].replace("127.0.0.1", "127.1")
    outgoing = Outgoing("/events/bearer", b"{}", {"Authorization": "Bearer mine"})

    play(url, outgoing, ())

    assert listener["headers"]["authorization"] == "Bearer mine"


def as_pem(key):
    return key.private_bytes(
        pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption()
    )


def as_whsk(key):
    both = key.private_bytes_raw() + key.public_key().public_bytes_raw()
    return b"whsk_" + base64.b64encode(both) + b"\n"


@pytest.mark.parametrize("form", [as_pem, as_whsk])
def test_a_private_key_signs_with_v1a(listener, send, tmp_path, form):
    file = tmp_path / "key"
    file.write_bytes(form(KEY))

    done = send(
        *("standard", "departed", "--key", str(file)),
        url=listener["url"],
        STANDARD_SECRET=WHPK,
    )

    assert done.exit_code == 0
    headers = listener["headers"]
    version, _, text = headers["webhook-signature"].partition(",")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode()
    assert version == "v1a"
    # It raises unless the signature is right.
    KEY.public_key().verify(base64.b64decode(text), signed + listener["raw"])


def test_a_public_key_alone_signs_nothing(api, send):
    done = send("standard", "departed", STANDARD_SECRET=WHPK)

    assert done.exit_code == 2
    assert "give --key" in done.stderr
    assert api.asked == []


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"junk",
        b"\xff\xfe",
        b"whsk_!",
        b"whsk_AAAA",
        as_pem(generate_private_key(SECP256R1())),
        KEY.private_bytes(
            pem.Encoding.PEM,
            pem.PrivateFormat.PKCS8,
            pem.BestAvailableEncryption(b"passphrase"),
        ),
    ],
)
def test_a_key_that_cannot_be_used_is_said_before_anything_is_sent(
    api, send, tmp_path, text
):
    file = tmp_path / "key"
    file.write_bytes(text)

    done = send("standard", "departed", "--key", str(file))

    assert done.exit_code == 2
    assert "--key" in done.stderr
    assert api.asked == []


def test_an_unknown_source_is_answered_with_those_there_are(api, send):
    done = send("nobody", "departed")

    assert done.exit_code == 2
    assert "There is no source nobody to play." in done.stderr
    assert "standard: departed, scheduled" in done.stderr
    assert "entra_workflow: leaver" in done.stderr
    assert (done.stdout, api.asked) == ("", [])


def test_an_unknown_kind_is_answered_with_those_there_are(api, send):
    done = send("cloudevents", "vanished")

    assert done.exit_code == 2
    assert "The source cloudevents has no kind vanished." in done.stderr
    assert "handshake: nothing: the sender may deliver" in done.stderr
    assert api.asked == []


@pytest.mark.parametrize("user", [USER, ""])
@pytest.mark.parametrize("words", [(), ("standard",)])
def test_without_words_it_lists_too_and_needs_no_user(send, words, user):
    done = send(*words, user=user)

    assert done.exit_code == 2
    assert "departed" in done.stderr
    assert "--user" not in done.stderr


def test_a_source_without_a_secret_here_names_the_setting(api, send):
    done = send("hub", "departed")

    assert done.exit_code == 2
    assert "OFFBOARD_SOURCE_HUB_SECRET" in done.stderr
    assert api.asked == []


def test_a_secret_may_come_from_a_file(listener, send, tmp_path):
    file = tmp_path / "secret"
    file.write_text("bearer-token-1\n")

    done = send("bearer", "departed", url=listener["url"], BEARER_SECRET_FILE=str(file))

    assert done.exit_code == 0
    assert listener["headers"]["authorization"] == "Bearer bearer-token-1"


def test_a_faulty_secret_is_a_fault_of_the_settings(api, send):
    done = send("hub", "departed", HUB_SECRET="short")

    assert done.exit_code == 5
    assert "OFFBOARD_SOURCE_HUB_SECRET" in done.stderr
    assert "short" not in done.output


@pytest.mark.parametrize("user", ["", "dana", "a@b", "iam-ServiceId-1", "a\nb@c.de"])
def test_a_user_who_is_none_is_said_before_anything_is_sent(api, send, user):
    done = send("standard", "departed", user=user)

    assert done.exit_code == 2
    assert "--user" in done.stderr
    assert api.asked == []


def test_entra_knows_no_iam_id(api, send):
    done = send(
        "entra_workflow",
        "leaver",
        user="IBMid-55AB",
        ENTRA_WORKFLOW_SECRET="entra-token-1",
        ENTRA_WORKFLOW_WORKFLOWS="w-1",
    )

    assert done.exit_code == 2
    assert "Give an e-mail" in done.stderr


def test_a_handshake_needs_an_origin(api, send):
    done = send("cloudevents", "handshake", CLOUDEVENTS_SECRET="cloud-token-1")

    assert done.exit_code == 2
    assert "OFFBOARD_SOURCE_CLOUDEVENTS_ORIGINS" in done.stderr


def test_another_address_may_be_given(api, listener, send):
    done = send("standard", "departed", "--url", listener["url"] + "/")

    assert done.exit_code == 0
    assert "raw" in listener
    assert api.asked == []


@pytest.mark.parametrize("url", ["http://offboard.example.com", "ftp://x", "nonsense"])
def test_an_address_that_cannot_be_used_is_said(api, send, url):
    done = send("standard", "departed", "--url", url)

    assert done.exit_code == 2
    assert "--url" in done.stderr
    assert api.asked == []


@pytest.mark.parametrize(
    ("says", "code", "words"),
    [
        (a_problem(401, "x"), 5, "is its OFFBOARD_SOURCE_STANDARD_SECRET the same?"),
        (a_problem(404, "Nothing."), 2, "Set OFFBOARD_SOURCE_STANDARD_SECRET where it"),
        (
            Says({"errors": {"data.subjects": ["Give one."]}, "status": 422}, 422),
            2,
            "data.subjects: Give one.",
        ),
        (a_problem(409, "Used for another person."), 4, "Used for another person."),
        (a_problem(503, "The store is away."), 6, "The store is away."),
        (Says(None, 302), 6, "not as this service does"),
        (Says(status=None), 6, "cannot be reached"),
    ],
)
def test_what_is_not_taken_in_ends_as_it_does_elsewhere(api, send, says, code, words):
    api.script(STANDARD, says)

    done = send("standard", "departed")

    assert done.exit_code == code
    assert words in done.stderr
    assert len(api.asked) == 1


def test_a_refusal_is_the_result_all_the_same(api, send):
    api.script(STANDARD, a_problem(401, "No."))

    done = send("standard", "departed", "-o", "json")

    (answer,) = json.loads(done.stdout)["answers"]
    assert answer["status"] == 401


def test_nobody_there_is_unreachable(send):
    done = send("standard", "departed", url="http://127.0.0.1:1")

    assert done.exit_code == 6
    assert "cannot be reached" in done.stderr


def test_an_answer_that_repeats_a_secret_does_not_bring_it_to_the_screen(api, send):
    api.script(STANDARD, Says({"cases": [SECRET], "x": SECRET}, 202))

    done = send("standard", "departed", "-o", "json")

    assert SECRET not in done.output
    assert json.loads(done.stdout)["cases"] == ["[secret]"]


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/events/bamboohr", "/events/bamboohr"),
        ("/events/bamboohr/anything", "/events/bamboohr/<secret>"),
        ("/events/bamboohr/any/thing", "/events/bamboohr/<secret>"),
        ("/events/entra_graph?validationToken=x", "/events/entra_graph"),
        ("/scim/v2/Users/u-1", "/scim/v2/Users/u-1"),
        ("/scim/v2/a%20secret/Users", "/scim/v2/[secret]/Users"),
    ],
)
def test_a_path_is_shown_without_its_secret(path, shown):
    assert shown_path(path, ["a secret"]) == shown
