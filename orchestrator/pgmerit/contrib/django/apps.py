"""The application's configuration."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PgmeritConfig(AppConfig):
    """pgmerit among the installed applications, by the label `pgmerit`."""

    name = "pgmerit.contrib.django"
    label = "pgmerit"
    verbose_name = "Badges"

    def ready(self) -> None:
        """Have each `manage.py migrate` bring the routines up to date after an upgrade."""
        post_migrate.connect(_bring_up_to_date, sender=self)


def _bring_up_to_date(using: str, **told: Any) -> None:
    from pgmerit.contrib.django.operations import install  # migrations ask for loaded models

    label = PgmeritConfig.label
    if "plan" not in told or any(migration.app_label == label for migration, _ in told["plan"]):
        return  # a flush; or the operation has just been run
    if any(model._meta.app_label == label for model in told["apps"].get_models()):
        install(using, label)
