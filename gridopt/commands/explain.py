"""`gridopt explain`: why a price is what it is."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from gridopt.commands import pairs, print_json, say, stop


@click.command()
@click.argument("case", type=click.Path(exists=True, path_type=Path))
@click.option("--price", "prices", metavar="BUS@TIME", multiple=True, required=True, help="A price; may be given several times.")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, callback=pairs, help="Change a key of the study.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def command(case: Path, prices: tuple[str, ...], settings: dict[str, str], as_json: bool) -> int:
    """Say why a marginal price of CASE is what it is: the plants that one more MW of load would come from and their weights, full branches,
    what reaches in from other periods, how far the price holds, and a check by solving again.

    CASE is what `gridopt price` takes: a study, a market case (.yaml or .json), a case of another program, or a folder of results.
    TIME is an instant inside the period, such as 2025-01-01T08:00, or the number of the period, from 1. With --set stage=RT the price is that
    of real time, with --set rule=chp (or a market of that rule) a convex hull price.

    Examples:

    \b
      gridopt explain ring.yaml --price 4@1
      gridopt explain results/my-week-1a2b3c4d --price LZ@2025-01-03T19:15 --json
    """
    from gridopt.study.explained import explain_file

    found = explain_file(case, prices, settings, say, stop)
    if not found["exact"]:
        say(f"warning: the clearing is not proven to be the best (gap {found['gap']:.2g}); another may have other prices")
    if as_json:
        print_json(found)
        return 0
    for one in found["prices"]:
        click.echo("\n".join(one["words"]))
    return 0
