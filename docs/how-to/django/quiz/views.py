"""Finishing a quiz, and the page of badges."""

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_POST
from pgmerit import routines
from pgmerit.contrib.django import mentor_of, psycopg_connection, record_activity

from quiz.models import QuizResult


@login_required
@require_POST
@transaction.atomic
def finish(request: HttpRequest) -> HttpResponse:
    """Keep a result and record it as an activity, both or neither."""
    result = QuizResult.objects.create(
        user=request.user, course=request.POST["course"], score=int(request.POST["score"])
    )
    record_activity(
        request.user,
        "study",
        "quiz",
        result.finished_at,
        quantity=result.score,
        attributes={"course": result.course},
        idempotency_key=f"quiz:{result.pk}",
    )
    return redirect("badges")


@login_required
def badges(request: HttpRequest) -> HttpResponse:
    """Show the badges that the user has, and how far the next ones are."""
    with psycopg_connection() as connection:
        progress = routines.get_badge_progress(
            connection, mentor_of(request.user), "study", language=get_language()
        )
    return render(request, "quiz/badges.html", {"badges": progress})
