"""One command as a process of its own: wall time, processor time and peak memory, with a limit on time and on memory.

Processor time is that of the process and all its finished children (wait4). Peak memory is the larger of the greatest resident set of
any one of them (wait4) and the greatest sum over those alive at once (sampled, Linux only). The launching process must stay small:
a child starts with its parent's resident set.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_S = 0.2
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
KILOBYTE_MB = 1.024e-3


@dataclass(frozen=True)
class Limits:
    """Seconds of wall time and MB of memory at which a process is stopped."""

    seconds: float
    memory_mb: float


@dataclass(frozen=True)
class Measured:
    """status: 'done', 'failed' (exit code `code`), 'time' or 'memory' (stopped at that limit)."""

    status: str
    code: int
    wall_s: float
    cpu_s: float
    peak_mb: float


def measure(command: Sequence[str], limits: Limits, log: Path, output: Path, folder: Path, environ: Mapping[str, str]) -> Measured:
    """Runs `command` in `folder`; what it prints goes to `output`, what it says on stderr to `log`."""
    with log.open("wb") as words, output.open("wb") as data:
        begun = time.perf_counter()
        process = subprocess.Popen(
            list(command), cwd=folder, env=dict(environ), stdin=subprocess.DEVNULL, stdout=data, stderr=words, start_new_session=True
        )
        stopped, together = "", 0.0
        try:
            while True:
                pid, status, used = os.wait4(process.pid, os.WNOHANG)
                wall = time.perf_counter() - begun
                if pid:
                    break
                together = max(together, resident_mb(process.pid))
                if not stopped and (wall > limits.seconds or together > limits.memory_mb):
                    stopped = "time" if wall > limits.seconds else "memory"
                    os.killpg(process.pid, signal.SIGKILL)
                time.sleep(min(SAMPLE_S, 0.01 + 0.02 * wall))
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        code = process.returncode = os.waitstatus_to_exitcode(status)
    peak = max(together, used.ru_maxrss * KILOBYTE_MB)
    verdict = stopped or ("done" if code == 0 else "failed")
    return Measured(verdict, code, wall, used.ru_utime + used.ru_stime, peak)


def resident_mb(session: int) -> float:
    """Resident memory of all processes of a session; 0 where the system does not tell."""
    total = 0
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue  # it ended meanwhile
            if int(fields[3]) == session:
                total += int(fields[21])
    return total * PAGE_MB
