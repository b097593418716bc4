"""docs/sql.md: each public routine as the catalogue, its file's header and a run of it tell it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.docs.markdown import WIDTH, block, masked, pretty, table
from tests.house.sources import ROOT, SqlFile, sql_files

_ROUTINES = """
select
    p.proname as name,
    array(
        select concat_ws(' ',
            p.proargnames[n], format_type(p.proargtypes[n - 1], null),
            'default ' || pg_get_function_arg_default(p.oid, n)
        )
        from generate_series(1, p.pronargs) as n
    ) as parameters,
    pg_get_function_result(p.oid) as result,
    obj_description(p.oid, 'pg_proc') as comment,
    coalesce(nullif(concat_ws(
        ', ',
        case
            when has_function_privilege('pgmerit_reader', p.oid, 'execute') then 'reader'
            when has_function_privilege('pgmerit_writer', p.oid, 'execute') then 'writer'
            when has_function_privilege('pgmerit_relay', p.oid, 'execute') then 'relay'
            when has_function_privilege('pgmerit_admin', p.oid, 'execute') then 'admin'
        end,
        -- Not above or below the others: it sees what the token says.
        case when has_function_privilege('pgmerit_person', p.oid, 'execute') then 'person' end
    ), ''), 'owner') as lowest_role
from pg_proc as p
where p.pronamespace = 'badges'::regnamespace
order by p.proname collate "C"
"""
# A header's last lines, each with a word of its own.
_NOTES = re.compile(r"^(Locks|Writes|Raises): +", re.M)


def sections(dsn: str) -> dict[str, str]:
    """Give the table of routines and a section each, with what the examples give."""
    with psycopg.connect(dsn, autocommit=True, row_factory=dict_row) as connection:
        rows = connection.execute(_ROUTINES).fetchall()
        connection.execute("set time zone 'UTC'")
        shown = {name: _run(connection, text) for name, text in examples().items()}
    known = {row["name"] for row in rows}
    if wrong := known ^ shown.keys():
        raise LookupError(f"tests/docs/examples.sql has too many or too few of {sorted(wrong)}")
    files = {file.routine: file for file in sql_files() if file.routine}
    overview = table(
        ("routine", "what it does", "from role"),
        [(f"[`{r['name']}`](#{r['name']})", r["comment"], r["lowest_role"]) for r in rows],
    )
    parts = [_section(row, files[f"badges.{row['name']}"], shown[row["name"]]) for row in rows]
    return {"routines": overview, "examples": "\n".join(parts)}


def examples() -> dict[str, str]:
    """Give the statements of each routine's example, in the order in which they run."""
    text = (ROOT / "tests/docs/examples.sql").read_text()
    names, bodies = (re.split(r"^-- (\w+)$\n", text, flags=re.M)[n::2] for n in (1, 2))
    if twice := {name for name in names if names.count(name) > 1}:
        raise LookupError(f"tests/docs/examples.sql has two examples of {sorted(twice)}")
    return dict(zip(names, bodies, strict=True))


def _run(connection: psycopg.Connection[dict[str, Any]], statements: str) -> str:
    cursor = connection.execute(statements.encode())
    rows: list[dict[str, Any]] = []
    while True:
        if cursor.description:
            rows = [_plain(row) for row in cursor.fetchall()]
        if not cursor.nextset():
            break
    is_value = len(rows) == 1 and len(rows[0]) == 1
    given = next(iter(rows[0].values())) if is_value else rows
    shown = "" if given == "" else block("json", pretty(masked(given)))
    return block("sql", statements) + shown


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: (int(value) if value == int(value) else float(value))
        if isinstance(value, Decimal)
        else value
        for name, value in row.items()
    }


def _section(row: dict[str, Any], file: SqlFile, example: str) -> str:
    parts = [
        f"### {row['name']}\n",
        f"{row['comment']} From role: {_role(row['lowest_role'])}.\n",
        block("text", _signature(row)),
        *_told(file),
        example,
    ]
    return "\n".join(parts)


def _role(word: str) -> str:
    if word == "owner":
        return "the owner's"
    return " and ".join(f"`pgmerit_{each}`" for each in word.split(", "))


def _signature(row: dict[str, Any]) -> str:
    result = _short(row["result"])
    parameters = [_short(each) for each in row["parameters"]]
    columns = re.fullmatch(r"TABLE\((.*)\)", result)
    if columns:
        head = _listed(f"badges.{row['name']}", parameters, " returns table (..)")
        return _listed(f"{head} returns table ", columns[1].split(", "))
    return _listed(f"badges.{row['name']}", parameters, f" returns {result}") + f" returns {result}"


def _listed(head: str, words: list[str], after: str = "") -> str:
    """Give what stands in brackets in one line, or in lines of their own."""
    flat = f"{head}({', '.join(words)})"
    if len((flat + after).splitlines()[-1]) <= WIDTH:
        return flat
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) > WIDTH - 6:
            lines.append("")
        lines[-1] += f"{word}, "
    body = "\n".join(f"    {line.rstrip()}" for line in lines).rstrip(",")
    return f"{head}(\n{body}\n)"


def _short(text: str) -> str:
    text = text.replace("timestamp with time zone", "timestamptz")
    return re.sub(r"(default .*?)::[\w ]+(\[\])?$", r"\1", text)


def _told(file: SqlFile) -> list[str]:
    """Give the header after its first sentence: paragraphs, then what it locks, writes, raises."""
    header = re.match(r"(?:--[^\n]*\n)+", file.text)
    assert header, file.name
    lines = [line.removeprefix("--").removeprefix(" ") for line in header[0].splitlines()]
    paragraphs = "\n".join(lines).replace(file.first_sentence, "", 1).strip().split("\n\n")
    return [_paragraph(each) for each in paragraphs if each.strip()]


def _paragraph(text: str) -> str:
    if _NOTES.match(text):
        text = re.sub(r"\n +", " ", text)
        text = _NOTES.sub(r"- **\1:** ", text)
    # Names are code, above all those that begin with an underscore.
    text = re.sub(r"(?<![\w`])(p_\w+|badges\w*\.\w+|_\w+)", r"`\1`", text)
    return re.sub(r"docs/(\w+)\.md", r"[\1](\1.md)", text) + "\n"
