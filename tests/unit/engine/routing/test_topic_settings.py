"""One list: the settings that type checkers know, those of the reference, those that there are."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest

from samovar import App
from samovar.engine.routing.reading import NOT_SETTINGS
from samovar.engine.routing.routes import Routes
from samovar.engine.routing.topic import Topic
from samovar.engine.routing.topic_settings import (
    AnyTopicSettings,
    JobTopicSettings,
    PlainTopicSettings,
)

PAGE = Path("docs/reference/topic-settings.md")
#: In `App.topic` a parameter of its own.
CONSUMER = {"consumer"}


def taken() -> set[str]:
    return {field.name for field in fields(Topic)} - NOT_SETTINGS - CONSUMER


def test_type_checkers_know_every_setting_and_no_other() -> None:
    typed = {*get_type_hints(JobTopicSettings), *get_type_hints(PlainTopicSettings)}

    assert typed == set(get_type_hints(AnyTopicSettings)) == taken()
    for method in (App.job_topic, App.topic, App.topic_defaults):
        assert "Unpack" in str(method.__annotations__["settings"])


def test_the_reference_lists_every_setting_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE)

    assert sorted(rows) == sorted(taken())


def test_the_reference_has_the_defaults_in_force() -> None:
    routes = Routes(str)
    routes.declare("mail")
    (topic,) = routes
    shown = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)`", PAGE.read_text(), re.MULTILINE))

    for name, text in shown.items():
        value = getattr(topic, name)
        assert text in (repr(value), repr(value).replace("'", '"'), f"{type(value).__name__}()")


@pytest.mark.parametrize("kind", [JobTopicSettings, PlainTopicSettings])
def test_what_one_kind_of_topic_lacks_is_said_in_the_reference(kind: type) -> None:
    only = "plain topics only" if kind is JobTopicSettings else "job topics only"
    rows = [line for line in PAGE.read_text().splitlines() if only in line]

    assert {re.match(r"\| `(\w+)`", row)[1] for row in rows} == (  # type: ignore[index]
        set(get_type_hints(AnyTopicSettings)) - set(get_type_hints(kind))
    )
