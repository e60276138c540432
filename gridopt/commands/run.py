"""`gridopt run`: dispatch a study and write results and report."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from gridopt.commands import HoursRange, pairs, print_json, say, stop


@click.command()
@click.argument("study", required=False)
@click.option(
    "-o", "--output", type=click.Path(file_okay=False, path_type=Path), help="Folder of the results (results/STUDY-HASH)."
)
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, callback=pairs, help="Change a key of the study file.")
@click.option("--hours", type=HoursRange(), metavar="A:B", help="Only hours A up to, not including, B of the study.")
@click.option("--solver", metavar="NAME", help="highs, or any solver through PuLP: pulp:CBC, pulp:GUROBI, pulp:COPT ...")
@click.option(
    "--branch-model", type=click.Choice(("matpower-dc", "powermodels-dcp", "copperplate")),
    help="How branches of an imported case are read (matpower-dc).",
)
@click.option("--resume", is_flag=True, help="Go on from the windows that a stopped run has left (studies with 'rolling').")
@click.option("--dry-run", is_flag=True, help="Read, check and build; solve and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def command(
    study: str | None,
    output: Path | None,
    settings: dict[str, str],
    hours: tuple[int, int] | None,
    solver: str | None,
    branch_model: str | None,
    resume: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Dispatch STUDY: a study file, a network folder, the name of a shipped one (Gansu 2025 if left out), or a case of MATPOWER (.m),
    pandapower (.json) or PyPSA (.nc or a CSV folder).

    Examples:

    \b
      gridopt run
      gridopt run studies/my.yaml -o results/mine
      gridopt run gansu-2025-uc --resume
      gridopt run --hours 0:168 --set year=2024 --json > week.json
      gridopt run case118.m --json
      gridopt run case118.m --branch-model powermodels-dcp --solver pulp:CBC
    """
    from gridopt.study.run import run_study

    given = {"solver": solver, "branch_model": branch_model}
    overrides = settings | {key: value for key, value in given.items() if value}
    document = run_study(
        Path(study) if study else None, overrides=overrides, hours=hours, output=output, dry_run=dry_run, resume=resume,
        stop=stop, progress=say,
    )
    if as_json:
        print_json(document)
    else:
        for key in ("status", "objective", "currency", "gap"):
            if key in document:
                click.echo(f"{key}\t{document[key]}")
        for file in document.get("files", []):
            click.echo(f"file\t{file}")
    return document.get("exit_code", 0)
