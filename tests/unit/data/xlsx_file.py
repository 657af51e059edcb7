"""A small xlsx writer for tests, in the two layouts that are met: shared strings, and strings inside the cells."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
DATE = "date"  # in a cell: ("date", days)


def write_xlsx(path: Path, rows: Sequence[Sequence[Any]], shared: bool = True, rows_xml: str = "") -> None:
    """Rows of text, numbers, booleans, None and dates; `rows_xml` is put after them as it is."""
    strings: list[str] = []
    body = "".join(_row(i, row, strings if shared else None) for i, row in enumerate(rows, 1) if row)
    items = "".join(f"<si><t xml:space='preserve'>{escape(text)}</t></si>" for text in strings)
    parts = {
        "xl/workbook.xml": f"<workbook xmlns='{MAIN}' xmlns:r='{LINKS}'><sheets>"
        "<sheet name='表' sheetId='1' r:id='rId7'/></sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships xmlns='{PACKAGE}'>"
        "<Relationship Id='rId7' Type='worksheet' Target='worksheets/sheet9.xml'/></Relationships>",
        "xl/worksheets/sheet9.xml": f"<worksheet xmlns='{MAIN}'><sheetData>{body}{rows_xml}</sheetData></worksheet>",
        "xl/styles.xml": f"<styleSheet xmlns='{MAIN}'><numFmts><numFmt numFmtId='170' formatCode='yyyy\"年\"m月'/>"
        "</numFmts><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='170'/></cellXfs></styleSheet>",
    }
    if shared:
        parts["xl/sharedStrings.xml"] = f"<sst xmlns='{MAIN}'>{items}</sst>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def _row(number: int, cells: Sequence[Any], strings: list[str] | None) -> str:
    inside = "".join(_cell(f"{chr(65 + i)}{number}", cell, strings) for i, cell in enumerate(cells))
    return f"<row r='{number}'>{inside}</row>"


def _cell(place: str, value: Any, strings: list[str] | None) -> str:
    if value is None:
        return f"<c r='{place}'/>"
    if isinstance(value, bool):
        return f"<c r='{place}' t='b'><v>{int(value)}</v></c>"
    if isinstance(value, tuple):
        return f"<c r='{place}' s='{value[2] if len(value) > 2 else 1}'><v>{value[1]}</v></c>"
    if isinstance(value, int | float):
        return f"<c r='{place}'><v>{value}</v></c>"
    if strings is None:
        return f"<c r='{place}' t='inlineStr'><is><t>{escape(value)}</t></is></c>"
    strings.append(value)
    return f"<c r='{place}' t='s'><v>{len(strings) - 1}</v></c>"
