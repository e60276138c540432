"""Unit conversions that MATPOWER case files state as arithmetic behind their matrices: loads in kW, impedances in ohms.

    name = number                                        a number for later lines                                  (K1)
    case.matrix(:, columns) = case.matrix(:, columns) * number,    also / number and number * columns             (K2)

A number is worked out of literals, names of (K1), case.baseMVA, entries case.matrix(row, column), + - * / ^, brackets and FUNCTIONS; columns
are positions or the names of MATPOWER's idx_bus, idx_brch and idx_gen. Nothing is executed: whatever has another form stays a fault.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

COLUMNS = (
    "BUS_I BUS_TYPE PD QD GS BS BUS_AREA VM VA BASE_KV ZONE VMAX VMIN LAM_P LAM_Q MU_VMAX MU_VMIN",
    "F_BUS T_BUS BR_R BR_X BR_B RATE_A RATE_B RATE_C TAP SHIFT BR_STATUS ANGMIN ANGMAX",
    "GEN_BUS PG QG QMAX QMIN VG MBASE GEN_STATUS PMAX PMIN",
)
PLACE = {name: float(k) for names in COLUMNS for k, name in enumerate(names.split(), 1)}
"""Position of each column by name, counted from 1, as MATPOWER counts."""
FUNCTIONS = {"sin": math.sin, "cos": math.cos, "tan": math.tan, "asin": math.asin, "acos": math.acos, "atan": math.atan, "sqrt": math.sqrt}
CONTROL = re.compile(r"(if|else|elseif|for|parfor|while|do|switch|case|try|catch|return|function)\b")
NAMED = re.compile(r"([A-Za-z]\w*)\s*=\s*([^=].*)")
LONGEST = 200
"""Characters of a formula that is read."""
PART = r"{case}\.(\w+)\(\s*:\s*,\s*(\[[\w\s,]*\]|\w+)\s*\)"
HERE = "columns_here"
"""Stands for the columns in a formula of (K2)."""


@dataclass(frozen=True)
class Matrix:
    """values float (n, columns); line: number of the line of each row (n,), or that of the matrix when it is empty."""

    values: np.ndarray
    line: np.ndarray


class NotArithmetic(ValueError):
    """A formula beyond (K1) and (K2), or one without a finite value."""


class Scaling:
    """Works on the matrices of one file, as far as they have been read, and changes them in place; scalars: texts of fields by name."""

    def __init__(self, matrices: Mapping[str, Matrix], scalars: Mapping[str, str]):
        self.case, self.matrices, self.scalars = "", matrices, scalars
        self.known: dict[str, float] = {}
        self.sure = True
        """Whether every line so far is run, once."""

    def scaled(self, code: str, case: str) -> bool:
        """Whether a line is (K2) for the case of that name; its columns have been multiplied then. A line of (K1) is remembered."""
        self.case, code = case, code.strip(" \t;,\v")
        self.sure &= not case or CONTROL.match(code) is None  # the head of the file has no case before it
        named = NAMED.fullmatch(code)
        try:
            if named and named[1] != case:
                self.known[named[1]] = math.nan  # unknown, unless the formula can be read
                self.known[named[1]] = self.number(named[2])
            return self.sure and not named and self._columns_scaled(code)
        except NotArithmetic:
            return False

    def number(self, text: str) -> float:
        """Value of a formula. Raises NotArithmetic."""
        return self._finite(lambda: self._value(_tree(text)), text)

    def _columns_scaled(self, code: str) -> bool:
        part = re.compile(PART.format(case=re.escape(self.case)))
        target, found = part.match(code), part.findall(code)
        if target is None or len(found) != 2 or not (formula := code[target.end() :].strip()).startswith("="):
            return False
        tree = _tree(part.sub(f" {HERE} ", formula[1:]))
        factor = self._finite(lambda: self._factor(tree), code)
        (to_matrix, to_words), (of_matrix, of_words) = found
        to, of = self._columns(to_matrix, to_words), self._columns(of_matrix, of_words)
        if len(to) != len(of):
            raise NotArithmetic(code)
        self.matrices[to_matrix].values[:, to] = self.matrices[of_matrix].values[:, of] * factor
        return True

    def _factor(self, node: ast.expr) -> float:
        """What HERE is multiplied by."""
        match node:
            case ast.Name(id=word) if word == HERE:
                return 1.0
            case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
                if HERE in ast.dump(left):
                    return _joined(op, self._factor(left), self._value(right))
                if isinstance(op, ast.Mult):
                    return self._value(left) * self._factor(right)
        raise NotArithmetic(HERE)

    def _finite(self, work: Callable[[], float], text: str) -> float:
        try:
            value = work()
        except (ArithmeticError, RecursionError, ValueError) as error:
            raise NotArithmetic(text) from error
        if not math.isfinite(value):
            raise NotArithmetic(text)
        return value

    def _columns(self, matrix: str, text: str) -> list[int]:
        width = self.matrices[matrix].values.shape[1] if matrix in self.matrices else 0
        places = [self._word(word) - 1 for word in re.split(r"[\s,]+", text.strip("[] \t,"))]
        if not all(0 <= k < width and k % 1 == 0 for k in places) or len(set(places)) < len(places):
            raise NotArithmetic(text)
        return [int(k) for k in places]

    def _word(self, word: str) -> float:
        if word in self.known or word in PLACE:
            return self.known.get(word, PLACE.get(word, 0.0))
        if word.isdecimal():
            return float(word)
        raise NotArithmetic(word)

    def _value(self, node: ast.expr) -> float:
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return float(value)
            case ast.Name(id=word):
                return self._word(word)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._value(operand)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._value(operand)
            case ast.BinOp(left=left, op=op, right=right):
                return _joined(op, self._value(left), self._value(right))
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
                return FUNCTIONS[name](self._value(argument))
            case ast.Call(func=ast.Attribute(value=ast.Name(id=self.case), attr=matrix), args=[row, column], keywords=[]):
                return self._entry(matrix, self._value(row), self._value(column))
            case ast.Attribute(value=ast.Name(id=self.case), attr=name) if name in self.scalars:
                return self.number(self.scalars[name])
        raise NotArithmetic(ast.dump(node)[:LONGEST])

    def _entry(self, matrix: str, row: float, column: float) -> float:
        values = self.matrices[matrix].values if matrix in self.matrices else np.zeros((0, 0))
        if row % 1 or column % 1 or not (1 <= row <= len(values) and 1 <= column <= values.shape[1]):
            raise NotArithmetic(matrix)
        return float(values[int(row) - 1, int(column) - 1])


def _tree(text: str) -> ast.expr:
    """A formula as a tree, by Python's grammar, which is MATLAB's but for what is refused here."""
    if len(text) > LONGEST or re.search(r"\*\*|//|\d_|\^.*\^", text):
        raise NotArithmetic(text)
    try:
        return ast.parse(re.sub(r"\.([*/^])", r"\1", text).replace("^", "**").strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError) as error:
        raise NotArithmetic(text) from error


def _joined(op: ast.operator, a: float, b: float) -> float:
    match op:
        case ast.Add():
            return a + b
        case ast.Sub():
            return a - b
        case ast.Mult():
            return a * b
        case ast.Div():
            return a / b
        case ast.Pow():
            value = a**b
            if isinstance(value, complex):
                raise NotArithmetic("a root of a negative number")
            return value
    raise NotArithmetic(ast.dump(op))
