"""Models as records: an order travels as ``gid://<global_id_app>/Shop::Order/7``."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Model
from django.db.models.signals import class_prepared

from samovar.job.serializers.records import register_model


def register_all() -> None:
    """Register every model of the installed apps."""
    for model in apps.get_models():
        register(model)


def register_from_now_on() -> None:
    """Register models that are defined later, too."""
    class_prepared.connect(_prepared, dispatch_uid="samovar.contrib.django")


def register(model: type[Model]) -> None:
    """Let the objects of a model travel as global ids.

    Raises:
        ArgumentError: another model travels under that name.
    """
    register_model(
        model,
        name=name_of(model),
        find=partial(_find, model),
        id=_id_of,
        missing=model.DoesNotExist,  # type: ignore[attr-defined]
    )


def name_of(model: type[Model]) -> str:
    """The name on the wire: `job_model_name` of the very class, or what the setting
    SAMOVAR_MODEL_NAMES has under its label (``"auth.User"``), or app and class as Ruby would
    write them: ``Auth::User``.
    """
    own = vars(model).get("job_model_name")
    named: dict[str, str] = getattr(settings, "SAMOVAR_MODEL_NAMES", {})
    return own or named.get(model._meta.label) or _in_ruby(model)


def _in_ruby(model: type[Model]) -> str:
    module = "".join(word[:1].upper() + word[1:] for word in model._meta.app_label.split("_"))
    return f"{module}::{model._meta.object_name}"


def _prepared(sender: type[Model], **_: Any) -> None:
    # Migrations make models of their own, for an hour of the past.
    if sender._meta.apps is apps and not sender._meta.auto_created:
        register(sender)


def _id_of(record: Model) -> Any:
    # An id may be there before the row is: a UUID is made with the object.
    return None if record._state.adding else record.pk


def _find(model: type[Model], identity: str | tuple[str, ...]) -> Model:
    parts = identity if isinstance(identity, tuple) else (identity,)
    fields: list[Any] = list(getattr(model._meta, "pk_fields", [model._meta.pk]))
    if len(parts) != len(fields):
        raise LookupError(f"{model._meta.label} has an id of {len(fields)} parts: {identity!r}")
    values = [field.to_python(part) for field, part in zip(fields, parts, strict=True)]
    return model._default_manager.get(pk=values if len(values) > 1 else values[0])
