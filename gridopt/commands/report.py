"""`gridopt report`: write report.html of a finished run again."""

from __future__ import annotations

from pathlib import Path

import rich_click as click


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
def command(run: Path) -> int:
    """Write the report of RUN, a folder made by `gridopt run`, as one self-contained HTML file.

    Example:

    \b
      gridopt report results/gansu-2025-1a2b3c4d
    """
    from gridopt.report import page
    from gridopt.report.folder import MARKET_PRICES

    if not (run / "results.nc").exists() and not (run / MARKET_PRICES).exists():
        raise click.BadParameter(f"{run} holds no results.nc and no prices of a market; give the folder of a finished run", param_hint="RUN")
    click.echo(str(page.write(run)))
    return 0
