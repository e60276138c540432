"""Arithmetic behind the matrices of a MATPOWER file: what is worked out, and that nothing else is."""

import math

import numpy as np
import pytest

from gridopt.case.matpower_text import parse

HEAD = """function mpc = feeder
mpc.baseMVA = 10;
mpc.bus = [
	1	3	0	0	0	0	1	1	0	12.66	1	1	1;
	2	1	100	60	0	0	1	1	0	12.66	1	1.1	0.9;
];
mpc.branch = [
	1	2	0.0922	0.0470	0	0	0	0	0	0	1	-360	360;
];
"""
FEEDER = """
[PQ, PV, REF, NONE, BUS_I, BUS_TYPE, PD, QD, GS, BS, BUS_AREA, VM, ...
    VA, BASE_KV, ZONE, VMAX, VMIN, LAM_P, LAM_Q, MU_VMAX, MU_VMIN] = idx_bus;
Vbase = mpc.bus(1, BASE_KV) * 1e3;      %% in Volts
Sbase = mpc.baseMVA * 1e6;              %% in VA
mpc.branch(:, [BR_R BR_X]) = mpc.branch(:, [BR_R BR_X]) / (Vbase^2 / Sbase);
mpc.bus(:, [PD, QD]) = mpc.bus(:, [PD, QD]) / 1e3;
"""


def bus(code: str) -> np.ndarray:
    found = parse(HEAD + code, "feeder.m")
    assert not found.faults, found.faults
    return found.matrices["bus"].values


def test_ohms_and_kilowatts_of_a_feeder():
    """12.66 kV and 10 MVA: 16.02756 ohms are one."""
    found = parse(HEAD + FEEDER, "feeder.m")
    assert found.faults == [] and len(found.scaled) == 2 and found.scaled[1].startswith("line 16: mpc.bus(:, [PD, QD]) =")
    np.testing.assert_allclose(found.matrices["branch"].values[0, 2:4], np.array([0.0922, 0.0470]) / 16.02756, rtol=1e-12)
    np.testing.assert_allclose(found.matrices["bus"].values[1, 2:4], [0.1, 0.06], rtol=1e-12)
    np.testing.assert_array_equal(found.matrices["bus"].values[:, 9], 12.66)


def test_a_power_factor():
    found = bus("pf = 0.85;\nmpc.bus(:, QD) = mpc.bus(:, PD) * sin(acos(pf));\nmpc.bus(:, PD) = mpc.bus(:, PD) * pf;\n")
    np.testing.assert_allclose(found[1, 2:4], [85.0, 100 * math.sin(math.acos(0.85))], rtol=1e-12)


@pytest.mark.parametrize(
    ("formula", "factor"),
    [
        ("mpc.bus(:, 3) * 2", 2.0),
        ("mpc.bus(:, PD) / 4 * 2", 0.5),
        ("3 * mpc.bus(:, PD) ./ 2", 1.5),
        ("mpc.bus(:, PD) / (2 + 3 * 2)", 0.125),
        ("mpc.bus(:, PD) * -2^2", -4.0),
        ("mpc.bus(:, [3]) * mpc.bus(2, QD) / 60", 1.0),
    ],
)
def test_order_of_operations(formula, factor):
    np.testing.assert_allclose(bus(f"mpc.bus(:, PD) = {formula};")[1, 2], 100.0 * factor, rtol=1e-12)


@pytest.mark.parametrize(
    "code",
    [
        "mpc.bus(:, PD) = mpc.bus(:, PD) + 1;",
        "mpc.bus(:, PD) = 1 / mpc.bus(:, PD);",
        "mpc.bus(:, PD) = mpc.bus(:, PD) ^ 2;",
        "mpc.bus(:, PD) = mpc.bus(:, PD) .* mpc.bus(:, QD);",
        "mpc.bus(:, [PD QD]) = mpc.bus(:, PD) * 2;",
        "mpc.bus(:, [PD PD]) = mpc.bus(:, [PD QD]) * 2;",
        "mpc.bus(2, PD) = mpc.bus(2, PD) * 2;",
        "mpc.bus(:, 99) = mpc.bus(:, 99) * 2;",
        "mpc.bus(:, PD) = mpc.bus(:, PD) * unknown;",
        "mpc.bus(:, PD) = mpc.bus(:, PD) / 0;",
        "mpc.bus(:, PD) = mpc.bus(:, PD) * 9^9^9^9^9;",
        "mpc.bus(:, PD) = mpc.bus(:, PD) * 1e300 * 1e300;",
        "mpc.bus(:, PD) = mpc.bus(:, PD) * sqrt(-1);",
        "mpc.bus(:, PD) = mpc.bus(:, PD) * __import__('os').getpid();",
        "mpc.bus(:, PD) = mpc.bus(:, PD) * " + "(" * 120 + "1" + ")" * 120 + ";",
        "pf = input('x');\nmpc.bus(:, PD) = mpc.bus(:, PD) * pf;",
        "PD = find(x);\nmpc.bus(:, PD) = mpc.bus(:, PD) * 2;",
        "if exist('x')\nmpc.bus(:, PD) = mpc.bus(:, PD) * 2;\nend",
        "mpc.none(:, PD) = mpc.none(:, PD) * 2;",
    ],
)
def test_whatever_else_is_a_fault(code):
    found = parse(HEAD + code, "feeder.m")
    assert any("is a command, not data" in f for f in found.faults)
    assert found.scaled == [] and found.matrices["bus"].values[1, 2] == 100.0
