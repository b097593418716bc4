"""Read-only pages of the admin: organizations, badges, awards, and a page a person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import get_language

from pgmerit import routines
from pgmerit.contrib.django.models import (
    ActivityTotal,
    AwardEntry,
    BadgeDefinition,
    ExternalId,
    Organization,
)
from pgmerit.contrib.django.recording import mentor_of, namespace, psycopg_connection


class ReadOnlyAdmin(admin.ModelAdmin):
    """Pages that show and change nothing: the rules and the engine write these tables."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False


@admin.register(Organization)
class OrganizationAdmin(ReadOnlyAdmin):
    """Organizations."""

    list_display = ("org_id", "name", "time_zone", "is_active", "rule_set", "rule_set_version")


@admin.register(BadgeDefinition)
class BadgeDefinitionAdmin(ReadOnlyAdmin):
    """Badges and their criteria."""

    list_display = ("badge_definition_id", "name", "category", "criteria_type", "is_active")
    list_filter = ("is_active", "criteria_type", "rule_set")
    search_fields = ("badge_definition_id", "name")


@admin.register(AwardEntry)
class AwardAdmin(ReadOnlyAdmin):
    """Awards, searched by person, and the page of one person."""

    list_display = ("person", "badge", "org", "earned_at", "source", "is_held")
    list_display_links = None
    list_filter = (
        "org",
        "badge_definition",
        "source",
        ("revoked_at", admin.EmptyFieldListFilter),
        "revoked_by",  # time: it lapsed
    )
    list_select_related = ("badge_definition", "org")
    ordering = ("-earned_at",)
    search_fields = ("peer_mentor_id",)
    search_help_text = "A user's name or id, or a peer_mentor_id."

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Give the awards, each with what the application calls its person."""
        known = ExternalId.objects.filter(peer_mentor_id=OuterRef("peer_mentor_id"))
        return (
            super()
            .get_queryset(request)
            .annotate(external_id=Subquery(known.order_by("namespace").values("external_id")[:1]))
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """Find by user or id: keys begin with the person, texts are not searched."""
        if search_term:
            queryset = queryset.filter(peer_mentor_id__in=_people_named(search_term.strip()))
        return queryset, False

    @admin.display(description="person", ordering="peer_mentor_id")
    def person(self, award: Any) -> str:
        """Link to the person's page."""
        link: str = format_html(
            '<a href="{}">{}</a>',
            reverse(f"{self.admin_site.name}:pgmerit_person", args=[award.peer_mentor_id]),
            award.external_id or award.peer_mentor_id,
        )
        return link

    @admin.display(description="badge")
    def badge(self, award: Any) -> str:
        """Name the badge and its tier."""
        return f"{award.badge_definition.name} {award.tier}".strip()

    @admin.display(description="held", boolean=True)
    def is_held(self, award: Any) -> bool:
        """Tell whether it was not taken back."""
        return award.revoked_at is None

    def get_urls(self) -> list[Any]:
        """Add the page of a person."""
        page = self.admin_site.admin_view(self.show_person)
        return [
            path("person/<uuid:peer_mentor_id>/", page, name="pgmerit_person"),
            *super().get_urls(),
        ]

    def show_person(self, request: HttpRequest, peer_mentor_id: UUID) -> HttpResponse:
        """Show a person's badges, progress and totals, organization by organization."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        totals = list(ActivityTotal.objects.filter(peer_mentor_id=peer_mentor_id))
        held = AwardEntry.objects.filter(peer_mentor_id=peer_mentor_id).values_list(
            "org_id", flat=True
        )
        orgs = Organization.objects.filter(
            org_id__in={each.org_id for each in totals} | set(held)
        ).order_by("name")
        with psycopg_connection() as connection:
            parts = [
                {
                    "organization": org,
                    "badges": routines.get_badge_progress(
                        connection, peer_mentor_id, org.org_id, language=get_language()
                    ),
                    "totals": [each for each in totals if each.org_id == org.org_id],
                }
                for org in orgs
            ]
        known = ExternalId.objects.filter(peer_mentor_id=peer_mentor_id).order_by("namespace")
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request,
            "admin/pgmerit/person.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": ", ".join(f"{each.namespace} {each.external_id}" for each in known)
                or str(peer_mentor_id),
                "subtitle": peer_mentor_id,
                "parts": parts,
            },
        )


def _people_named(term: str) -> set[UUID]:
    """Give the people whom a term may mean: an id, or the name of a user."""
    try:
        return {UUID(term)}
    except ValueError:
        pass
    users = get_user_model()
    found = {mentor_of(user) for user in users.objects.filter(**{users.USERNAME_FIELD: term})}
    with psycopg_connection() as connection:
        return found | {routines.find_mentor(connection, namespace(), term)}
