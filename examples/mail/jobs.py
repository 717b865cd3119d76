"""A mail a job: what the server answers decides whether it is tried again or dropped."""

from __future__ import annotations

import os
import smtplib
from email.message import EmailMessage
from pathlib import Path

from samovar import Job, discard_on, retry_on

SERVER = os.environ.get("SMTP_SERVER", "localhost")
PORT = int(os.environ.get("SMTP_PORT", "1025"))


class MailboxRefusedError(Exception):
    """The server will never take mail for this address."""


def note_as_undelivered(job: Job, error: BaseException) -> None:
    with Path("undelivered.txt").open("a") as notes:
        notes.write(f"{job.arguments[0]}: {error}\n")


# From the top down: the first that matches deals with the error. All that smtplib and the
# network raise is an OSError.
@discard_on(MailboxRefusedError, then=note_as_undelivered)
@retry_on(OSError, wait="polynomially_longer", attempts=5, exhausted=note_as_undelivered)
class WelcomeMailJob(Job):
    queue_as = "mail"

    def perform(self, address: str, name: str) -> None:
        message = EmailMessage()
        message["From"] = "shop@example.com"
        message["To"] = address
        message["Subject"] = f"Welcome, {name}!"
        # Every run of a job has its id: it shows a mail that is sent twice.
        message["Message-ID"] = f"<{self.job_id}@shop.example.com>"
        message.set_content(f"Dear {name},\n\nyour account is ready.\n")
        deliver(message)


def deliver(message: EmailMessage) -> None:
    """
    Raises:
        MailboxRefusedError: the server refuses the address for good.
        OSError: the server is away, or refuses for now.
    """
    with smtplib.SMTP(SERVER, PORT, timeout=30) as server:
        try:
            server.send_message(message)
        except smtplib.SMTPRecipientsRefused as refusal:
            code, text = refusal.recipients[message["To"]]
            if code >= 500:
                raise MailboxRefusedError(f"{code} {text.decode()}") from refusal
            raise
