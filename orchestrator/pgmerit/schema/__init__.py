"""Migrations and replaceable SQL: bringing a database up to this version of pgmerit, and back.

Migrations (`migrations/`) hold data and run once, through yoyo, each in one transaction with its
mark. Replaceable SQL (`sql/`, in the order of `manifest.txt`) is loaded whole, in one transaction,
whenever a file or a loaded object is not as it should be. A session advisory lock lets one run at
a time work. What was applied and loaded is kept in the schema badges_internal.
"""

from __future__ import annotations

from pgmerit.schema.adoption import find_marks
from pgmerit.schema.owners import find_strangers, owner_of_schemas
from pgmerit.schema.rights import (
    PERSON,
    ROLES,
    Right,
    Rights,
    commands_to_make,
    find_mixed_roles,
    read_rights,
)
from pgmerit.schema.script import Script, write_script
from pgmerit.schema.sources import (
    SourceFile,
    Sources,
    migrations_dir,
    read_manifest,
    read_migration_files,
    sql_dir,
)
from pgmerit.schema.state import (
    SCHEMAS,
    State,
    changed_files,
    history_problems,
    read_state,
)
from pgmerit.schema.upgrade import (
    LOCK_KEY,
    Report,
    Tell,
    migrate,
    plan,
    roll_back,
)

__all__ = [
    "LOCK_KEY",
    "PERSON",
    "ROLES",
    "SCHEMAS",
    "Report",
    "Right",
    "Rights",
    "Script",
    "SourceFile",
    "Sources",
    "State",
    "Tell",
    "changed_files",
    "commands_to_make",
    "find_marks",
    "find_mixed_roles",
    "find_strangers",
    "history_problems",
    "migrate",
    "migrations_dir",
    "owner_of_schemas",
    "plan",
    "read_manifest",
    "read_migration_files",
    "read_rights",
    "read_state",
    "roll_back",
    "sql_dir",
    "write_script",
]
