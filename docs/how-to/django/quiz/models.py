"""What the application keeps itself."""

from django.conf import settings
from django.db import models


class QuizResult(models.Model):
    """A quiz that somebody finished."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    course = models.TextField()
    score = models.IntegerField()
    finished_at = models.DateTimeField(auto_now_add=True)
