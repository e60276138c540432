"""The command line: a frame that loads each command only when it is called, and the one place of exit codes.

    0 done        1 bug        2 wrong usage        3 infeasible        4 limit reached, a feasible result is kept
    5 invalid input            6 solver missing     130 interrupted

Data go to stdout, everything else to stderr.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

# One thread for BLAS: gridopt's matrices are sparse, and more threads only cost time. Must be set before numpy loads.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_name, "1")

import rich_click as click  # noqa: E402
from click.exceptions import Exit  # noqa: E402

from gridopt import __version__  # noqa: E402

COMMANDS = {
    "run": "Dispatch a study and write its results and report.",
    "price": "Price one clearing under many rules.",
    "explain": "Say why a price is what it is.",
    "strategy": "What an owner could gain by raising or withholding offers.",
    "trade": "Match spot trade between provinces.",
    "market": "Clear a spot market day ahead and in real time.",
    "check": "Look for faults in a study's input; solve nothing.",
    "report": "Write the report of a finished run again.",
    "export": "Write a study's network or a run's results in another format.",
    "weather": "Make synthetic weather years and profiles.",
    "doctor": "Check this machine: Python, libraries, solver, memory, fonts.",
}

# (module, exception, exit code, status). An exception can only have been raised if its module is loaded: none is imported here.
OUTCOMES = (
    ("gridopt.case.check", "CaseError", 5, "invalid_input"),
    ("gridopt.program.solution", "Infeasible", 3, "infeasible"),
    ("gridopt.program.solution", "LimitReached", 4, "limit_reached"),
    ("gridopt.program.solution", "SolverMissing", 6, "solver_missing"),
    ("gridopt.study.locate", "NotFound", 2, "usage"),
    ("gridopt.study.run", "CertificateFailed", 1, "certificate_failed"),
)
BUG, USAGE, INVALID, MISSING, INTERRUPTED = 1, 2, 5, 6, 130
PATIENCE_S = 3.0
stop = threading.Event()
"""Set by a search that has heard a request to end, and comes to its end with the best it has."""


class Lazy(click.RichGroup):
    """A group whose commands are named in COMMANDS; `gridopt/commands/NAME.py` holds `command` and is imported when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A stand-in that knows name and one line of help, enough for the list of commands."""
        return click.RichCommand(name=cmd_name, short_help=COMMANDS[cmd_name]) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command itself, imported now."""
        name, stand_in, rest = super().resolve_command(ctx, args)
        if stand_in is None or name is None:
            return name, stand_in, rest
        return name, importlib.import_module(f"gridopt.commands.{name}").command, rest


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 130})
@click.version_option(__version__, prog_name="gridopt")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
def group() -> None:
    """Least-cost dispatch of a power network over a full year: prices, curtailment and its causes, congestion.

    Examples:

    \b
      gridopt run                          Gansu 2025, 8,760 hours, with report
      gridopt run --hours 0:168 --json     first week, result as one JSON document
      gridopt check studies/my.yaml        faults of the input, nothing is solved
    """


def say(text: str) -> None:
    """A line of progress or advice for the reader, on stderr."""
    print(text, file=sys.stderr, flush=True)


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    print(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False, default=str), flush=True)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Entry point: run a command and leave with its exit code."""
    _prepare_process()
    sys.exit(execute(list(sys.argv[1:] if args is None else args)))


def execute(args: list[str]) -> int:
    """Run a command line; the exit code. Every exception ends here and nowhere else."""
    debug = "--debug" in args or bool(os.environ.get("GRIDOPT_DEBUG"))
    args = [a for a in args if a != "--debug"]
    try:
        result = group.main(args=args, prog_name="gridopt", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except Exit as leave:
        return leave.exit_code
    except (KeyboardInterrupt, click.Abort):
        say("gridopt: interrupted")
        return INTERRUPTED
    except click.ClickException as fault:
        fault.show()
        if "--json" in args:
            print_json({"status": "usage", "exit_code": USAGE, "messages": [fault.format_message()]})
        return USAGE
    except (BrokenPipeError, SystemExit):
        # The reader of stdout has gone (`| head`), which click makes a SystemExit; stdout points away so that its flush at exit is silent.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if debug:
            traceback.print_exc()
        code, status, lines = outcome(error)
        for line in lines:
            say(line)
        if "--json" in args:
            print_json({"status": status, "exit_code": code, "messages": lines})
        return code


def outcome(error: Exception) -> tuple[int, str, list[str]]:
    """Exit code, status word and sentences for an exception."""
    for module, name, code, status in OUTCOMES:
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(error, kind):
            return code, status, [str(line) for line in getattr(error, "faults", None) or [error]]
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return BUG, "disk_full", [f"the disk is full: {error.filename or 'results could not be written'}"]
    if isinstance(error, PermissionError | IsADirectoryError | NotADirectoryError | FileExistsError):
        return USAGE, "usage", [f"{error.strerror}: {error.filename}"]
    if isinstance(error, MemoryError):
        return BUG, "out_of_memory", ["out of memory: shorten the study (--hours) or run it on a machine with more"]
    log = _write_log(error)
    what = f"this is a bug in gridopt: {type(error).__name__}: {error}".splitlines()[0]
    return BUG, "bug", [what, f"the traceback is in {log}; --debug shows it" if log else "--debug shows the traceback"]


def _write_log(error: Exception) -> Path | None:
    """Traceback into a file of the temporary folder; its path, None if it cannot be written."""
    path = Path(tempfile.gettempdir()) / f"gridopt-error-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    try:
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError:
        return None
    return path


def _prepare_process() -> None:
    """Output in UTF-8, for names in Chinese; a request to end is taken like Ctrl-C, so that nothing is left half written."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    signal.signal(signal.SIGTERM, _interrupt)
    if os.name != "nt":
        asked, tell = os.pipe()
        os.set_blocking(tell, False)
        signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
        threading.Thread(target=_end_if_deaf, args=(asked,), daemon=True).start()


def _end_if_deaf(asked: int) -> None:
    """Ends the process when a signal has come and the main thread, deep in the solver, does not hear of it.

    A search that has heard it is left to its end, until a second signal comes.
    """
    os.read(asked, 1)
    time.sleep(PATIENCE_S)
    if stop.is_set():
        os.read(asked, 1)
        time.sleep(PATIENCE_S)
    say("gridopt: interrupted")
    os._exit(INTERRUPTED)


def _interrupt(signum: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


class HoursRange(click.ParamType):
    """A:B, two whole numbers with 0 <= A < B, as a tuple."""

    name = "hours"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        first, colon, last = str(value).partition(":")
        if not (colon and first.isdecimal() and last.isdecimal() and int(first) < int(last)):
            self.fail(f"{value!r} is not A:B with whole hours and A below B, such as 0:168", param, ctx)
        return int(first), int(last)


def pairs(ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    """Callback of options KEY=VALUE given several times; the last one of a key wins."""
    found = {}
    for value in values:
        key, sign, text = value.partition("=")
        if not (sign and key.strip()):
            raise click.BadParameter(f"{value!r} is not KEY=VALUE, such as year=2024", ctx, param)
        found[key.strip()] = text.strip()
    return found
