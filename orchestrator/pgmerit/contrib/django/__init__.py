"""pgmerit as a Django application: "pgmerit.contrib.django" in INSTALLED_APPS, Django 5.2 or newer.

`manage.py migrate` installs the engine and brings it up to date. The models are in
`pgmerit.contrib.django.models`; what is here may be imported before they are loaded.
"""

from pgmerit.contrib.django.recording import (
    awarding,
    badges_awarded,
    mentor_of,
    psycopg_connection,
    record_activity,
)

__all__ = ["awarding", "badges_awarded", "mentor_of", "psycopg_connection", "record_activity"]
