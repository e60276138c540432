"""`gridopt run`: dispatch a study and write results and report."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from gridopt.commands import HoursRange, pairs, print_json, say


@click.command()
@click.argument("study", required=False)
@click.option(
    "-o", "--output", type=click.Path(file_okay=False, path_type=Path), help="Folder of the results (results/STUDY-HASH)."
)
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, callback=pairs, help="Change a key of the study file.")
@click.option("--hours", type=HoursRange(), metavar="A:B", help="Only hours A up to, not including, B of the study.")
@click.option("--solver", metavar="NAME", help="Solver to use instead of the study's.")
@click.option("--dry-run", is_flag=True, help="Read, check and build; solve and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def command(
    study: str | None,
    output: Path | None,
    settings: dict[str, str],
    hours: tuple[int, int] | None,
    solver: str | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Dispatch STUDY (a study file, a network folder or the name of a shipped one; Gansu 2025 if left out).

    Examples:

    \b
      gridopt run
      gridopt run studies/my.yaml -o results/mine
      gridopt run --hours 0:168 --set year=2024 --json > week.json
    """
    from gridopt.study.run import run_study

    overrides = settings | ({"solver": solver} if solver else {})
    document = run_study(
        Path(study) if study else None, overrides=overrides, hours=hours, output=output, dry_run=dry_run, progress=say
    )
    if as_json:
        print_json(document)
    else:
        for key in ("status", "objective", "currency", "gap"):
            if key in document:
                click.echo(f"{key}\t{document[key]}")
        for file in document.get("files", []):
            click.echo(f"file\t{file}")
    return 0
