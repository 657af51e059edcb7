"""Parts of an xlsx archive that values need: the first sheet's place, shared strings, styles that are dates."""

from __future__ import annotations

import datetime
import posixpath
import re
import zipfile
from typing import IO, Any
from xml.etree import ElementTree

# Built-in number formats that show dates or times (ECMA-376 part 1, 18.8.30), with those of Chinese versions.
_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_MOST_BYTES = 4 << 30  # unpacked; what Excel itself can hold is far less


def tag(element: ElementTree.Element) -> str:
    """The element's name without its namespace: Excel and others use different ones."""
    return element.tag.rpartition("}")[2]


class Workbook:
    """An open archive.

    Raises:
        KeyError, ValueError, ElementTree.ParseError: it lacks a part, or the part cannot be read.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        if sum(item.file_size for item in archive.infolist()) > _MOST_BYTES:
            raise ValueError("larger than any workbook when unpacked")
        self.names = {item.filename.lower(): item.filename for item in archive.infolist()}
        self.sheet, self.epoch = self._first_sheet()
        self.strings = self._shared_strings()
        self.dates = self._date_styles()

    def open_sheet(self) -> IO[bytes]:
        """The first sheet's XML."""
        return self._open(self.sheet)

    def value(self, cell: ElementTree.Element) -> Any:
        """A cell's value: text, a number, true or false, an ISO date, or None."""
        kind, text = cell.get("t", "n"), _child(cell, "v")
        if kind == "inlineStr":
            return "".join(map(_text, (child for child in cell if tag(child) == "is")))
        if not text or kind == "e":
            return None
        if kind == "s":
            index = int(text)
            if index < 0:
                raise ValueError("a string's number")
            return self.strings[index]
        if kind == "b":
            return text.strip() == "1"
        if kind == "n":
            return self._number(text, int(cell.get("s", 0)))
        return _unescaped(text)

    def _number(self, text: str, style: int) -> Any:
        number = float(text)
        if style in self.dates:
            return self._date(number)
        # A long order number in a number cell has lost digits already; 5.0 is written as 5.
        return int(number) if number.is_integer() else number

    def _date(self, days: float) -> str:
        moment = self.epoch + datetime.timedelta(days=round(days * 86400) / 86400)
        moment = (moment + datetime.timedelta(microseconds=500_000)).replace(microsecond=0)
        if days < 1:
            return moment.time().isoformat()
        return moment.date().isoformat() if days == int(days) else moment.isoformat()

    def _first_sheet(self) -> tuple[str, datetime.datetime]:
        book = self._parse("xl/workbook.xml")
        sheets = [element for element in book.iter() if tag(element) == "sheet"]
        if not sheets:
            raise ValueError("no sheets")
        link = next(value for key, value in sheets[0].attrib.items() if key.rpartition("}")[2] == "id")
        for relation in self._parse("xl/_rels/workbook.xml.rels"):
            if relation.get("Id") == link:
                target = relation.get("Target", "")
                place = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
                old = any(tag(e) == "workbookPr" and e.get("date1904") in ("1", "true") for e in book.iter())
                return place, datetime.datetime(1904, 1, 1) if old else datetime.datetime(1899, 12, 30)
        raise KeyError(link)

    def _shared_strings(self) -> list[str]:
        strings: list[str] = []
        if "xl/sharedstrings.xml" not in self.names:
            return strings
        with self._open("xl/sharedStrings.xml") as file:
            for _, element in ElementTree.iterparse(file):
                if tag(element) == "si":
                    strings.append(_text(element))
                    element.clear()
        return strings

    def _date_styles(self) -> set[int]:
        """Numbers of the cell styles that show a date."""
        if "xl/styles.xml" not in self.names:
            return set()
        styles = self._parse("xl/styles.xml")
        codes = {e.get("numFmtId"): e.get("formatCode", "") for e in styles.iter() if tag(e) == "numFmt"}
        custom = {int(key) for key, code in codes.items() if key and _shows_date(code)}
        cells = next((e for e in styles if tag(e) == "cellXfs"), ())
        return {i for i, style in enumerate(cells) if int(style.get("numFmtId", 0)) in _DATE_FORMATS | custom}

    def _parse(self, name: str) -> ElementTree.Element:
        with self._open(name) as file:
            return ElementTree.parse(file).getroot()

    def _open(self, name: str) -> IO[bytes]:
        return self.archive.open(self.names[name.lower()])


def _shows_date(code: str) -> bool:
    return bool(set(_QUOTED.sub("", code.lower())) & set("ymdhs")) and "general" not in code.lower()


def _child(cell: ElementTree.Element, name: str) -> str | None:
    return next((child.text or "" for child in cell if tag(child) == name), None)


def _text(element: ElementTree.Element) -> str:
    """Text of a string, of its runs together; what is read out (phonetic) is no part of it."""
    if tag(element) == "t":
        return _unescaped(element.text or "")
    return "".join(_text(child) for child in element if tag(child) in ("t", "r", "si", "is"))


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), text)
