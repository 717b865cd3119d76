"""What a test sees of messages: what was produced, and a consumer at work without a broker."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from samovar.engine.consuming.consumer import Consumer
from samovar.engine.consuming.message import Deserializer, Message, json
from samovar.job import runtime
from samovar.testing.consuming import Given, consume, log_that_records, routes


class MessageHelpers:
    """The part of the helpers that is about messages which are no jobs. What `app.producer` and
    consumers send is kept in memory, of every application of the process and in every thread.
    """

    @property
    def produced_messages(self) -> list[Message]:
        """What was produced, in order: each with ``topic`` (its real name), ``value``, ``payload``,
        ``key``, ``headers``, ``partition``, ``offset`` and ``timestamp``.

        A message is there once it is stored: not while it is kept for a flush, nor while its
        transaction is open, and never if that was left by an error.
        """
        found = routes()
        return [
            Message(source, record, found.find(source.topic).deserializer or json)
            for source, record in list(log_that_records("produced_messages").stored)
        ]

    def produced(self, topic: str) -> list[Message]:
        """The same of one topic, by its logical or its real name."""
        names = {topic, runtime.current().job_settings.real_queue(topic)}
        return [message for message in self.produced_messages if message.topic in names]

    @property
    def marked_messages(self) -> list[Message]:
        """What consumers marked, in order; also in a call of `consume` that raised. A mark in a
        transaction is there once that is stored.
        """
        return list(log_that_records("marked_messages").marked)

    def consume(
        self,
        consumer: Consumer | Callable[[], Consumer],
        messages: Iterable[Given],
        *,
        topic: str,
        partition: int = 0,
        attempt: int = 1,
        deserializer: Deserializer | None = None,
        manual_marks: bool | None = None,
    ) -> list[Message]:
        """Let a consumer work on messages, as a worker would; those that it marked. An error of
        the consumer leaves this call.

            marked = jobs.consume(OrdersConsumer, ['{"count": 2}'], topic="orders")
            assert len(marked) == 1

        Args:
            consumer: The class; or an object of it, which can be used again, and is seated only
                once.
            messages: Values (text, bytes, or None for a tombstone); dicts with `payload` and, as
                wanted, `key`, `headers` and `timestamp`; or what `produced` gave. Their offsets
                count from 0. Batches are as large as the topic says.
            topic: The topic that they come from, by its logical name. Its declaration, if there is
                one, gives the deserializer, `manual_marks` and `max_messages`.
            partition: Which of its partitions.
            attempt: How often the batch was begun, from 1.
            deserializer: In place of the declared one.
            manual_marks: In place of what is declared.
        """
        __tracebackhide__ = True
        declared = routes().find(runtime.current().job_settings.real_queue(topic))
        if deserializer is not None:
            declared = replace(declared, deserializer=deserializer)
        if manual_marks is not None:
            declared = replace(declared, manual_marks=manual_marks)
        return consume(consumer, messages, declared, partition, attempt)
