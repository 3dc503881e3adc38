"""Messages sent by a thread of their own: nobody waits for the broker."""

import socket
import threading

import pytest

from workers import posting
from workers.app import Sender, make_app
from workers.offboarding.model import Step, Work
from workers.posting import Posting


class Line:
    """A broker that is slow, or away."""

    def __init__(self, *, works=True):
        self.works, self.sent, self.open = works, [], threading.Event()

    def send(self, message):
        self.open.wait(60)
        self.sent.append(message)
        return self.works


def test_a_message_is_sent_by_a_thread_of_its_own_and_in_order(until):
    line = Line()
    sending = Posting(line.send)

    assert sending.put(("a", ("1",), 0))
    assert sending.put(("b", ("2",), 9))

    assert line.sent == []
    line.open.set()
    until(lambda: len(line.sent) == 2)
    assert line.sent == [("a", ("1",), 0), ("b", ("2",), 9)]


def test_what_waits_behind_a_message_that_failed_is_left_to_the_sweep(until):
    line = Line(works=False)
    sending = Posting(line.send)
    for number in range(3):
        sending.put((f"m{number}", (), 0))

    line.open.set()
    until(lambda: line.sent and sending._waiting.empty())
    line.works = True
    sending.put(("later", (), 0))

    until(lambda: len(line.sent) == 2)
    assert [task for task, _, _ in line.sent] == ["m0", "later"]


def test_no_number_of_messages_fills_the_memory(monkeypatch):
    monkeypatch.setattr(posting, "_MOST", 3)
    line = Line()
    sending = Posting(line.send)

    taken = [sending.put((f"m{number}", (), 0)) for number in range(10)]

    # One may be in the thread's hands already.
    assert taken.count(True) in (3, 4)
    assert taken[-1] is False
    line.open.set()


def test_so_many_have_a_turn_in_a_second_and_the_rest_is_the_sweeps(monkeypatch):
    now = [7.2]
    monkeypatch.setattr(posting.time, "monotonic", lambda: now[0])
    sending = Posting(lambda *_: True)

    first = [sending.has_turn() for _ in range(12)]
    now[0] = 8.1

    assert first == [True] * 10 + [False] * 2
    assert sending.has_turn()


def test_a_sender_of_workers_always_has_a_turn():
    sender = Sender(make_app("memory://"))

    assert all(sender.has_turn() for _ in range(100))


def test_what_is_sent_behind_reaches_the_broker(client, store_place, until):
    app = make_app(store_place.broker_url)
    sender = Sender(app, is_behind=True)

    sender.send(Work("01C", Step.PLAN))

    with app.connection_for_read() as line, line.SimpleQueue("offboard") as queue:
        message = queue.get(timeout=60)
        message.ack()
    app.close()
    assert message.headers["task"] == "offboarding.plan"
    assert message.headers["argsrepr"] == "['01C', '']"


def test_a_broker_that_does_not_answer_holds_nobody_up(until):
    done = threading.Event()

    def send():
        sender.send(*[Work(f"01{n}", Step.PLAN) for n in range(50)])
        done.set()

    with socket.create_server(("127.0.0.1", 0)) as hole:
        app = make_app(f"redis://127.0.0.1:{hole.getsockname()[1]}/1")
        # Whoever waited for it would wait for longer than this test does.
        app.conf.broker_transport_options = {"socket_timeout": 600}
        sender = Sender(app, is_behind=True)
        threading.Thread(target=send, daemon=True).start()

        assert done.wait(30)

    until(sender._posting._waiting.empty)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_in_sending_costs_one_message_and_nothing_after_it(until):
    line = Line()
    line.open.set()

    def send(message):
        if message[0] == "odd":
            raise RuntimeError("a bug")
        return line.send(message)

    sending = Posting(send)
    sending.put(("odd", (), 0))
    until(lambda: not sending._thread.is_alive())

    sending.put(("next", (), 0))

    until(lambda: line.sent == [("next", (), 0)])
