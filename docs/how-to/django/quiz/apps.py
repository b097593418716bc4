"""The application's configuration."""

from django.apps import AppConfig


class QuizConfig(AppConfig):
    """Quizzes."""

    name = "quiz"

    def ready(self) -> None:
        """Connect the signal's receivers."""
        from quiz import receivers  # noqa: F401
