"""`gridopt trade`: spot trade between provinces."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from gridopt.commands import HoursRange, pairs, print_json, say


@click.command()
@click.argument("case", type=click.Path(exists=True, path_type=Path))
@click.option("--tick", "tick_mw", type=click.FloatRange(min=0.0), default=1.0, show_default=True, help="Multiples of so many MW; 0: any.")
@click.option("--hours", type=HoursRange(), help="Only hours A:B of the study.")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, callback=pairs, help="Change a key of the study.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def command(case: Path, tick_mw: float, hours: tuple[int, int] | None, settings: dict[str, str], as_json: bool) -> int:
    """Match offers and bids of provinces along the ways between them: pairs, prices, payments, and how far it is from the best.

    CASE is a market case with key trade, or a study whose network has tables province, trade_segment and trade_step.

    Examples:

    \b
      gridopt trade trade.yaml
      gridopt trade trade.yaml --tick 0 --json
    """
    from gridopt.study.traded import trade_file

    found = trade_file(case, settings, hours, tick_mw)
    for line in found["refused"]:
        say(line)
    if as_json:
        print_json(found)
        return 0
    click.echo("time\tseller\tbuyer\tpath\tsent MW\tlanded MW\tseller price\tbuyer price")
    for p in found["pairs"]:
        numbers = "\t".join(f"{p[key]:.2f}" for key in ("sent_mw", "landed_mw", "seller_price", "buyer_price"))
        click.echo(f"{p['time']}\t{p['seller']}\t{p['buyer']}\t{' > '.join(p['path'])}\t{numbers}")
    click.echo(f"buyers pay {found['payment']:.2f}, sellers get {found['revenue']:.2f}, tariffs {found['tariff']:.2f}")
    click.echo(
        f"welfare {found['welfare']:.2f}, {found['short_of_best']:.2f} short of the best; paid below offers {found['seller_below_offer']:.2f}, "
        f"above bids {found['buyer_above_bid']:.2f}"
    )
    return 0
