"""`gridopt doctor`: what this machine offers and what it lacks."""

from __future__ import annotations

from dataclasses import asdict

import rich_click as click

from gridopt.commands import MISSING, print_json


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def command(as_json: bool) -> int:
    """Check Python, libraries, solver, memory, disk, and what the browser tests need. Exit code 6 if a run cannot work.

    Example:

    \b
      gridopt doctor --json
    """
    from gridopt.study.machine import examine

    findings = examine()
    faults = [f for f in findings if f.status == "fault"]
    if as_json:
        print_json({"status": "fault" if faults else "ok", "checks": [asdict(f) for f in findings]})
    else:
        for f in findings:
            click.echo(f"{f.status:7} {f.name:10} {f.found}" + (f"; {f.cure}" if f.cure else ""))
    return MISSING if faults else 0
