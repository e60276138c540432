"""`gridopt export`: a network or the results of a run in another format."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from gridopt.commands import say

FORMATS = ("pandapower", "xlsx", "parquet", "csv")


@click.command()
@click.argument("what", metavar="RUN|STUDY")
@click.option("--to", "to", type=click.Choice(FORMATS), required=True, help="Format to write.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File (pandapower) or folder (others) to write.")
@click.option("--at", metavar="TIME", help="Hour of the pandapower net (hour of the largest demand, or 1 January for a network).")
@click.option("--only", metavar="NAME", multiple=True, help="Only this table or variable; may be given several times.")
def command(what: str, to: str, output: Path | None, at: str | None, only: tuple[str, ...]) -> int:
    """Write the results of RUN, or the network of STUDY (a study file, a network folder, a name), in another format.

    pandapower: the network at one hour as JSON, with the dispatch of that hour if RUN is a run. Others: one file per table.

    Examples:

    \b
      gridopt export gansu --to pandapower --at 2025-06-01 -o gansu.json
      gridopt export results/gansu-2025-1a2b3c4d --to pandapower --at 2025-07-15T20:00
      gridopt export results/gansu-2025-1a2b3c4d --to csv --only price --only flow
    """
    from gridopt.study.export import export

    files = export(what, to, output, at, only)
    for file in files:
        click.echo(str(file))
    say(f"{len(files)} files written" if len(files) != 1 else "1 file written")
    return 0
