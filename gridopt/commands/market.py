"""`gridopt market`: a spot market cleared day ahead and in real time, priced and written for settlement."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from gridopt.commands import HoursRange, pairs, print_json, say, stop


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Folder of the results (results/STUDY-HASH).")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, callback=pairs, help="Change a key of the study.")
@click.option("--hours", type=HoursRange(), metavar="A:B", help="Only these hours of the study.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def command(study: Path, output: Path | None, settings: dict[str, str], hours: tuple[int, int] | None, as_json: bool) -> int:
    """Clear STUDY as a market: day ahead, reliability, real time; prices, dispatch and limits as tables.

    STUDY is a study file with a key `market`, the name of a shipped one, or a market case written by hand (docs/market.md).

    Examples:

    \b
      gridopt market gansu-market-week
      gridopt market gansu-market-week --hours 0:24 --json
      gridopt market two_units.yaml -o results/two
    """
    from gridopt.study.market import market_study

    found = market_study(study, overrides=settings, hours=hours, output=output, stop=stop, progress=say)
    if as_json:
        print_json(found)
        return found.get("exit_code", 0)
    click.echo("run\tmean price\tload pays\tcost\trent\tgap")
    for stage, r in found["market"]["runs"].items():
        mean = "–" if r["mean_price"] is None else f"{r['mean_price']:.2f}"
        click.echo(f"{stage}\t{mean}\t{r['load_payment']:.0f}\t{r['cost']:.0f}\t{r['congestion_rent']:.0f}\t{r['gap']:.2g}")
    click.echo(f"folder\t{found['folder']}")
    return found.get("exit_code", 0)
