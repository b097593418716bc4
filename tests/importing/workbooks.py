"""Small .xlsx files, part by part, so that a test can have what no program would save."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
# Styles 1 to 3: a day with its time, a day, a duration.
_FORMATS = {164: "dd.mm.yyyy hh:mm", 165: "dd.mm.yyyy", 166: "[h]:mm"}
_STYLES = (
    f'<styleSheet {_MAIN}><numFmts count="3">'
    + "".join(f'<numFmt numFmtId="{n}" formatCode="{code}"/>' for n, code in _FORMATS.items())
    + '</numFmts><cellXfs count="4">'
    + "".join(f'<xf numFmtId="{n}"/>' for n in (0, *_FORMATS))
    + "</cellXfs></styleSheet>"
)

MOMENT, DAY, DURATION = 1, 2, 3


def number(value: float | str, style: int = 0) -> str:
    """Give a cell with a number, which a style may show as a day."""
    return f'<c s="{style}"><v>{value}</v></c>'


def formula(value: str | None, kind: str = "n") -> str:
    """Give a cell with a formula and the value that it had, if any."""
    told = "" if value is None else f"<v>{value}</v>"
    return f'<c t="{kind}"><f>A1</f>{told}</c>'


def error(value: str) -> str:
    """Give a cell with an error."""
    return f'<c t="e"><v>{value}</v></c>'


def workbook(
    sheets: Mapping[str, Sequence[Sequence[str]]],
    hidden: Sequence[str] = (),
    first_row: int = 1,
    last: str = "",
) -> bytes:
    """Give a workbook: by sheet the rows, cells of the functions above or texts.

    `last` stands in the last row that a sheet may have.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "_rels/.rels", _relations(_relation(1, "officeDocument", "xl/workbook.xml"))
        )
        archive.writestr("xl/styles.xml", _STYLES)
        listed, related = "", ""
        for place, (title, rows) in enumerate(sheets.items(), 1):
            state = ' state="hidden"' if title in hidden else ""
            listed += f'<sheet name={quoteattr(title)} sheetId="{place}" r:id="rId{place}"{state}/>'
            related += _relation(place, "worksheet", f"worksheets/sheet{place}.xml")
            archive.writestr(f"xl/worksheets/sheet{place}.xml", _sheet(rows, first_row, last))
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook {_MAIN} xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>',
        )
        related += _relation(99, "styles", "/xl/styles.xml")
        archive.writestr("xl/_rels/workbook.xml.rels", _relations(related))
    return made.getvalue()


def _relations(related: str) -> str:
    return f"<Relationships {_PACKAGE}>{related}</Relationships>"


def _relation(place: int, kind: str, target: str) -> str:
    return f'<Relationship Id="rId{place}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'


def _sheet(rows: Sequence[Sequence[str]], first_row: int, last: str) -> str:
    lines = []
    for line, row in enumerate(rows, first_row):
        cells = [_cell(value, f"{chr(ord('A') + place)}{line}") for place, value in enumerate(row)]
        lines.append(f'<row r="{line}">{"".join(cells)}</row>')
    if last:
        lines.append(f'<row r="1048576">{last}</row>')
    return f"<worksheet {_MAIN}><sheetData>{''.join(lines)}</sheetData></worksheet>"


def _cell(value: str, place: str) -> str:
    if value.startswith("<c "):
        return f'<c r="{place}" {value.removeprefix("<c ")}'
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>' if value else ""
