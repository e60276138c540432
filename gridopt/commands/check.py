"""`gridopt check`: all faults of a study's input at once; nothing is solved."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from gridopt.commands import INVALID, pairs, print_json, say


@click.command()
@click.argument("study", required=False)
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, callback=pairs, help="Change a key of the study file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def command(study: str | None, settings: dict[str, str], as_json: bool) -> int:
    """Look for faults in STUDY: its file, its network's tables, its profiles.

    Each fault is a line on stderr that names file, row, column, value, rule and cure.

    Examples:

    \b
      gridopt check
      gridopt check studies/my.yaml --json
    """
    from gridopt.study.run import check_study

    faults = check_study(Path(study) if study else None, settings)
    for fault in faults:
        say(fault)
    if as_json:
        print_json({"status": "invalid_input" if faults else "ok", "faults": faults})
    elif not faults:
        say("no fault found")
    return INVALID if faults else 0
