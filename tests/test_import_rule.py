"""The import rule of docs/adr/0001: imports point to the right, siblings do not know each other, each library has its doors.

commands > study > report > analysis > settlement > pricing > dispatch > blocks > { case | program }        weather > case
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(p for p in (ROOT / "gridopt").rglob("*.py") if "_data" not in p.parts)
ORDER = ("commands", "study", "report", "analysis", "settlement", "pricing", "dispatch", "blocks", "case", "program")
ALLOWED = {layer: set(ORDER[i:]) for i, layer in enumerate(ORDER)}
ALLOWED["case"] = {"case"}
ALLOWED["program"] = {"program"}
ALLOWED["weather"] = {"weather", "case"}
ALLOWED["commands"] = ALLOWED["commands"] | {"weather"}
ALLOWED["study"] = ALLOWED["study"] | {"weather"}
NO_SIBLINGS = ("commands", "blocks", "pricing", "case/readers", "case/writers")
DOORS = {
    "highspy": ("program/highs.py",),
    "pulp": ("program/pulp_solvers.py", "program/cbc.py"),
    "pandapower": ("case/readers/pandapower.py", "case/writers/pandapower.py", "analysis/ac_check.py"),
    "plotly": ("report/figures.py",),
    "click": ("commands/",),
    "rich_click": ("commands/",),
    "dask": ("study/",),
}


def place(path: Path) -> str:
    return path.relative_to(ROOT / "gridopt").as_posix()


def imports(source: str, package: str) -> list[str]:
    """Dotted names of everything imported anywhere in a module of `package`; `from a import b` counts as a.b."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            found += [".".join([*base, *([node.module] if node.module else []), name.name]) for name in node.names]
    return found


def faults(where: str, source: str) -> list[str]:
    """What a module at `where` (path inside gridopt) may not import."""
    names = imports(source, ".".join(["gridopt", *where.split("/")[:-1]]))
    own = [n.split(".")[1:] for n in names if n.startswith("gridopt.")]
    wrong = [
        f"{where} may not import {n}"
        for n in names
        for door in [DOORS.get(n.split(".")[0])]
        if door and not where.startswith(door)
    ]
    if "/" not in where:
        return wrong
    layer, folder, module = where.split("/")[0], where.rpartition("/")[0], where.rpartition("/")[2].removesuffix(".py")
    certificate = where.startswith("dispatch/certificate")
    if certificate:  # its files know each other and the case, nothing of the model
        own = [n for n in own if not ".".join(n).startswith("dispatch.certificate")]
    layers = {"case"} if certificate else ALLOWED[layer]
    wrong += [f"{where} ({layer}) may not import gridopt.{'.'.join(n)}" for n in own if n[0] in ALLOWED and n[0] not in layers]
    wrong += [f"{where} may not import gridopt.{'.'.join(n)}" for n in own if certificate and n[:2] == ["case", "topology"]]
    if folder in NO_SIBLINGS and module != "__init__":
        siblings = {p.stem for p in (ROOT / "gridopt" / folder).glob("*.py")} - {"__init__", module}
        depth = len(folder.split("/"))
        wrong += [
            f"{where} may not import its sibling {n[depth]}"
            for n in own
            if n[:depth] == folder.split("/") and len(n) > depth and n[depth] in siblings
        ]
    return wrong


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_imports_point_to_the_right(path):
    assert not faults(place(path), path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("where", "source"),
    [
        ("case/case.py", "from gridopt.program.builder import Builder"),
        ("program/builder.py", "import gridopt.case.case"),
        ("blocks/demand.py", "from gridopt.blocks.storage import declare"),
        ("blocks/demand.py", "from . import storage"),
        ("commands/run.py", "from gridopt.commands.check import command"),
        ("case/readers/network_csv.py", "from gridopt.case.readers.pandapower import read_network"),
        ("dispatch/certificate.py", "def f():\n    from gridopt.program.builder import Builder"),
        ("dispatch/certificate_money.py", "from gridopt.dispatch.result import Dispatch"),
        ("dispatch/certificate_network.py", "from gridopt.case.topology import Topologies"),
        ("weather/wind.py", "from gridopt.study import locate"),
        ("report/page.py", "import plotly.graph_objects as go"),
        ("study/run.py", "import click"),
        ("blocks/demand.py", "from gridopt import study"),
    ],
)
def test_the_rule_catches(where, source):
    assert faults(where, source)


def test_program_knows_nothing_of_networks():
    words = ("bus", "buses", "network", "generator", "line_flow")
    for path in (ROOT / "gridopt" / "program").glob("*.py"):
        tokens = set(path.read_text(encoding="utf-8").lower().replace("_", " ").replace(".", " ").replace(",", " ").split())
        assert not tokens & set(words), path.name
