"""Installs pgmerit, and tells Django's migrations of its models."""

from __future__ import annotations

from django.db import migrations
from django.db.migrations.state import ModelState

from pgmerit.contrib.django import models
from pgmerit.contrib.django.operations import InstallPgmerit


def _as_it_is(model: type) -> migrations.CreateModel:
    """Give a model's state: what is not Django's to change has no history to keep here."""
    state = ModelState.from_model(model)
    return migrations.CreateModel(
        state.name, list(state.fields.items()), state.options, state.bases, state.managers
    )


class Migration(migrations.Migration):
    """The first, and as long as Django changes no table of ours the only one."""

    initial = True
    operations = (
        InstallPgmerit(),
        *map(
            _as_it_is,
            (
                models.Organization,
                models.BadgeDefinition,
                models.Activity,
                models.ActivityTotal,
                models.AwardEntry,
                models.AwardEvent,
                models.EarnedBadge,
                models.ExternalId,
            ),
        ),
    )
