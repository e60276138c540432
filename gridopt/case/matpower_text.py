"""Data of a MATPOWER case file (.m, format version 2) without executing it: matrices, cell arrays of texts and scalars by name.

Understood: assignments of literals to fields of the case, comments, block comments, continuation lines, and columns multiplied by a number
(`matpower_scaling.py`). Any other command that would change the case is a fault, since its result is unknown here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from gridopt.case.matpower_scaling import Matrix, Scaling

COMMENT_BLOCK = re.compile(r"^[ \t]*%\{[ \t]*$.*?^[ \t]*%\}[ \t]*$", re.M | re.S)
ASSIGN = re.compile(r"(\w+)((?:\.\w+)+)[ \t]*=[ \t\n]*")
FUNCTION = re.compile(r"function\b[ \t]*(?:(\[[^\]]*\]|\w+)[ \t]*=)?")
TEXT = re.compile(r"'((?:[^'\n]|'')*)'|\"((?:[^\"\n]|\"\")*)\"")
HARMLESS = re.compile(r"(end|endfunction|return)\b")


@dataclass
class CaseText:
    """matrices, cells (rows of texts), scalars by field name without the name of the case; lines: where each field begins; scaled: the lines
    that multiply columns."""

    matrices: dict[str, Matrix] = field(default_factory=dict)
    cells: dict[str, list[list[str]]] = field(default_factory=dict)
    scalars: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    scaled: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def parse(text: str, file: str) -> CaseText:
    """Everything `text` assigns. Faults name `file` and line."""
    result = CaseText()
    scaling = Scaling(result.matrices, result.scalars)
    text = _without_comments(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    name, at, line, seen = "", 0, 1, 0
    while True:
        at = _skip(text, at)
        if at >= len(text):
            break
        line, seen = line + text.count("\n", seen, at), at
        where = f"{file}, line {line}"
        assigned = ASSIGN.match(text, at)
        if assigned:
            name = name or assigned[1]
        if assigned and assigned[1] == name:
            at = _value(text, assigned, where, line, file, result)
        else:
            end = _line_end(text, at)
            code, at = text[at:end], end
            if scaling.scaled(code, name):
                result.scaled.append(f"line {line}: {code.strip(' ;')}")
            else:
                name = _statement(code, name, where, result)
    return result


def _without_comments(text: str) -> str:
    """Comments and continuations become nothing; lines stay where they are."""
    text = COMMENT_BLOCK.sub(lambda m: "\n" * m[0].count("\n"), text)
    if "%" not in text and "..." not in text and "#" not in text:
        return text
    lines = text.split("\n")
    for i, line in enumerate(lines):
        if "%" in line or "#" in line or "..." in line:
            lines[i] = _cut(line)
    return "\n".join(lines)


def _cut(line: str) -> str:
    """The line up to a comment outside of quotes. A continued row keeps its line by a marker that is taken out with the line break."""
    masked = TEXT.sub(lambda m: "x" * len(m[0]), line) if "'" in line or '"' in line else line
    ends = [k for k in (masked.find("%"), masked.find("#")) if k >= 0]
    end = min(ends, default=len(line))
    more = masked.find("...", 0, end)
    return line[:more] + "\v" if more >= 0 else line[:end]


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\n\v;,":
        at += 1
    return at


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _statement(code: str, name: str, where: str, result: CaseText) -> str:
    """A line that assigns no field; returns the name of the case."""
    head = FUNCTION.match(code)
    if head:
        if (head[1] or "").startswith("["):
            rule = "the file is of MATPOWER's case format version 1, only version 2 is read"
            result.faults.append(f"{where}: {rule}. Convert it in MATPOWER: savecase('new.m', loadcase('old.m')).")
        return head[1] or name
    target = code.partition("=")[0] if re.search(r"(?<![=~<>])=(?!=)", code) else ""
    if name and re.search(rf"\b{re.escape(name)}\b", target or ("" if HARMLESS.match(code) else code)):
        shown = code.strip()[:60]
        rule = f"'{shown}' is a command, not data; gridopt executes nothing"
        result.faults.append(f"{where}: {rule}. Load the case in MATPOWER and store it with savecase.")
    return name


def _value(text: str, assigned: re.Match, where: str, line: int, file: str, result: CaseText) -> int:
    """Stores one field; returns where it ends."""
    key, at = assigned[2][1:], assigned.end()
    line += text.count("\n", assigned.start(), at)
    if key in result.lines:
        result.faults.append(f"{where}: {assigned[1]}.{key} is given again, first in line {result.lines[key]}. Remove one.")
    result.lines[key] = line
    opening = text[at : at + 1]
    if opening not in ("[", "{"):
        end = min(k for k in (text.find(";", at), _line_end(text, at)) if k >= 0)
        result.scalars[key] = text[at:end].strip()
        return end
    end = _closing(text, at, "]" if opening == "[" else "}")
    if end < 0:
        rule = f"{assigned[1]}.{key} begins here and is not closed by '{']' if opening == '[' else '}'}'"
        result.faults.append(f"{where}: {rule}. Is the file cut off?")
        following = ASSIGN.search(text, at)
        return following.start() if following else len(text)
    body = text[at + 1 : end]
    if opening == "[":
        result.matrices[key] = _matrix(body, line, f"{file}: {assigned[1]}.{key}", result.faults)
    else:
        result.cells[key] = _texts(body)
    after = _line_end(text, end)
    rest = text[end + 1 : after].strip(" \t;,\v")
    if rest and not ASSIGN.match(rest) and not HARMLESS.match(rest):
        result.faults.append(f"{where}: {assigned[1]}.{key} is followed by '{rest[:40]}', which is not data. Store the case with savecase.")
        return after
    return end + 1


def _texts(body: str) -> list[list[str]]:
    """Texts by row; a doubled quote is one."""
    rows = [[a.replace("''", "'") or b for a, b in TEXT.findall(row)] for row in re.split(r"[;\n]", body)]
    return [row for row in rows if row]


def _closing(text: str, at: int, mark: str) -> int:
    """Position of the closing mark, -1 where another assignment or the end of the file comes first."""
    if mark == "]":
        end = text.find(mark, at)
        return -1 if end < 0 or text.find("=", at, end) >= 0 else end
    for found in re.finditer(rf"{TEXT.pattern}|[}}=]", text[at:]):
        if found[0] in "}=":
            return at + found.start() if found[0] == "}" else -1
    return -1


def _matrix(body: str, line: int, what: str, faults: list[str]) -> Matrix:
    rows, lines = _rows(body, line)
    widths = [len(r) for r in rows]
    if len(set(widths)) > 1:
        usual = max(set(widths), key=widths.count)
        for width, at in zip(widths, lines, strict=True):
            if width != usual:
                rule = f"the row has {width} values, the other rows have {usual}"
                faults.append(f"{what}, line {at}: {rule}. Is a value missing or one too many?")
        return Matrix(np.zeros((0, 0)), np.array([line]))
    if "_" not in body:  # Python would read 1_00 as 100
        try:
            values = np.array(list(map(float, chain.from_iterable(rows)))).reshape(len(rows), -1 if rows else 0)
            return Matrix(values, np.array(lines if rows else [line]))
        except ValueError:
            pass
    for row, at in zip(rows, lines, strict=True):
        faults += [f"{what}, line {at}, value {k + 1}: '{v[:40]}' is not a number. Give a number." for k, v in enumerate(row) if not _number(v)]
    return Matrix(np.zeros((0, 0)), np.array([line]))


def _rows(body: str, line: int) -> tuple[list[list[str]], list[int]]:
    """Values as texts by row, and the line on which each row ends."""
    if "," in body:
        body = body.replace(",", " ")
    rows: list[list[str]] = []
    lines: list[int] = []
    carried: list[str] = []
    for number, text in enumerate(body.split("\n"), start=line):
        more = text.endswith("\v")
        parts = text.rstrip("\v").split(";") if ";" in text else (text,)
        for part in parts:
            cells = part.split()
            if carried:
                cells, carried = carried + cells, []
            if cells:
                rows.append(cells)
                lines.append(number)
        if more and cells:  # the row goes on in the next line
            carried = rows.pop()
            lines.pop()
    return rows, lines


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
