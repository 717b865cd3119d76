"""The example `mail`, with a real SMTP server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.scenarios.examples.running import copy_example, run_script, worker_in
from tests.support.eventually import eventually
from tests.support.kafka_process import free_ports


class PostOffice:
    """Knows no `unknown@`, and asks everybody to come again once for `busy@`."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.delivered: dict[str, Message] = {}

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.asked[address] += 1
        if address.startswith("unknown@"):
            return "550 no such mailbox"
        if address.startswith("busy@") and self.asked[address] == 1:
            return "450 mailbox busy, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        for address in envelope.rcpt_tos:
            assert isinstance(envelope.content, bytes)
            self.delivered[address] = message_from_bytes(envelope.content)
        return "250 OK"


@pytest.fixture
def post_office() -> PostOffice:
    return PostOffice()


@pytest.fixture
def smtp_port(post_office: PostOffice) -> Iterator[str]:
    port, _ = free_ports()
    controller = Controller(post_office, hostname="127.0.0.1", port=port)
    controller.start()
    yield str(port)
    controller.stop()


def test_mail_is_delivered_deferred_mail_is_retried_and_refused_mail_is_noted(
    tmp_path: Path, post_office: PostOffice, smtp_port: str
) -> None:
    directory = copy_example("mail", tmp_path)
    run_script(
        directory, "enqueue.py", "ada@example.com", "busy@example.com", "unknown@example.com"
    )

    with worker_in(directory, SMTP_SERVER="127.0.0.1", SMTP_PORT=smtp_port):
        eventually(lambda: len(post_office.delivered) == 2)
        eventually((directory / "undelivered.txt").exists)

    assert post_office.delivered["ada@example.com"]["Subject"] == "Welcome, Ada!"
    assert post_office.asked == {
        "ada@example.com": 1,
        "busy@example.com": 2,
        "unknown@example.com": 1,
    }
    assert (directory / "undelivered.txt").read_text() == (
        "unknown@example.com: 550 no such mailbox\n"
    )
