"""`gridopt strategy`: what an owner could gain by other offers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from gridopt.commands import HoursRange, pairs, print_json, stop


class Numbers(click.ParamType):
    """Numbers with commas between them."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[float]:
        if isinstance(value, list):
            return value
        try:
            return [float(part) for part in str(value).split(",")]
        except ValueError:
            self.fail(f"{value!r} is not a list of numbers such as 0,10,20", param, ctx)


@click.command()
@click.argument("case", type=click.Path(exists=True, path_type=Path))
@click.option("--owner", required=True, help="Owner by table ownership (key owners), or the id of one plant.")
@click.option("--raise", "raises", type=Numbers(), default="0,5,10,20,50", show_default=True, help="Per cent by which its offers rise.")
@click.option("--withhold", type=Numbers(), default="0", show_default=True, help="MW that it withholds.")
@click.option("--cap", type=float, default=None, help="Price that makes an owner pivotal; default: the study's cap, 650.")
@click.option("--hours", type=HoursRange(), help="Only hours A:B of the study.")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, callback=pairs, help="Change a key of the study.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def command(
    case: Path, owner: str, raises: list[float], withhold: list[float], cap: float | None, hours: tuple[int, int] | None,
    settings: dict[str, str], as_json: bool,
) -> int:  # fmt: skip
    """Raise offers of an OWNER of CASE, withhold power, and clear again: its profit, prices, what load pays; whether it is pivotal.

    Profit is measured at the offers of before. Every pair of --raise and --withhold is one clearing.

    Examples:

    \b
      gridopt strategy ring.yaml --owner C3
      gridopt strategy ring.yaml --owner C3 --raise 0,10,20,50 --withhold 0,100 --json
    """
    from gridopt.study.strategic import strategy_file

    found = strategy_file(case, owner, [(x / 100.0, y) for x in raises for y in withhold], settings, hours, cap, stop)
    if as_json:
        print_json(found)
        return 0
    click.echo("raise %\twithheld MW\tprofit\tmore\town price\tload price\tload pays\tmore\tbest")
    for row in found["outcomes"]:
        keys = ("profit", "d_profit", "own_price", "load_price", "load_payment", "d_payment")
        numbers = "\t".join("–" if row[k] is None else f"{row[k]:.2f}" for k in keys)
        click.echo(f"{row['raise_share'] * 100:g}\t{row['withhold_mw']:g}\t{numbers}\t{'*' if row['best'] else ''}")
    away = found["without"]
    click.echo(
        f"without {owner}: {away['shed_mwh']:.2f} MWh are shed, highest price {away['highest_price']:.2f}; pivotal in "
        f"{away['pivotal_share']:.0%} of the time (cap {away['cap']:g})"
    )
    if found["needed_mw"] is not None:
        click.echo(f"the network needs at most {found['needed_mw']:.2f} MW of it at a time")
    return 0
