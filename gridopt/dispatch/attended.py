"""Long work in a thread of its own, so that a request to end (Ctrl-C) is heard at once and what has been found is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

LISTEN_S = 0.1


def attended(work: Callable[[], Any], stop: threading.Event) -> Any:
    """What `work` returns or raises. The first KeyboardInterrupt sets `stop`, which asks the work to end soon; a second one is raised, and
    so is the first where the work then has nothing to return."""
    ended = threading.Event()
    found: list[Any] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:  # handed over to the thread that waits
            failed.append(error)
        ended.set()

    threading.Thread(target=run, daemon=True).start()
    heard = False
    while not ended.is_set():
        try:
            ended.wait(LISTEN_S)
        except KeyboardInterrupt:
            if heard:
                raise
            heard = True
            stop.set()
    if failed:
        raise KeyboardInterrupt if heard else failed[0]
    return found[0]
