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
        post_migrate.connect(bring_up_to_date, sender=self)


def bring_up_to_date(using: str, **told: Any) -> None:
    """Load the routines of this version where a migrate ended and pgmerit is installed."""
    from pgmerit.contrib.django.operations import install  # migrations ask for loaded models

    label = PgmeritConfig.label
    # A flush says nothing of models.
    if "apps" in told and any(each._meta.app_label == label for each in told["apps"].get_models()):
        install(using, label)
