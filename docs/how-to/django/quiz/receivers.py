"""What follows an award."""

import logging

from django.dispatch import receiver
from pgmerit.contrib.django import badges_awarded

logger = logging.getLogger(__name__)


@receiver(badges_awarded)
def tell_of_awards(awards: list, **_: object) -> None:
    """Log each award; an application mails, or pushes to the browser."""
    for award in awards:
        logger.info("%s earned %s", award["peer_mentor_id"], award["name"])
