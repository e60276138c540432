"""`gridopt price`: one clearing under many pricing rules."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from gridopt.commands import pairs, print_json, say, stop


@click.command()
@click.argument("case", type=click.Path(exists=True, path_type=Path))
@click.option("--rules", default="ip,elmp,chp", show_default=True, metavar="LIST", help="Names with commas between them, or all.")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, callback=pairs, help="Change a key of the study.")
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER", help="Write tables and a report there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def command(case: Path, rules: str, settings: dict[str, str], output: Path | None, as_json: bool) -> int:
    """Clear CASE once and price it under several rules: prices, and what each leaves open for every unit.

    CASE is a study file, a market case written by hand (.yaml or .json, see docs/market_case.md), a case of another program, or a folder
    of results, whose clearing is priced as it is kept there.
    Rules: ip, ip_full, zonal_avg, split_atc, split_fb, smp, pab, pab_shaded, elmp, achp, chp, aic, minmwp, ordc, admin; their parameters
    are keys of the study, pricing.RULE.NAME (docs/market_case.md).

    Examples:

    \b
      gridopt price two_units.yaml
      gridopt price two_units.yaml --rules all --json > prices.json
      gridopt price instance.json --rules ip,chp
      gridopt price results/my-study-1a2b3c4d --rules ip,chp
      gridopt price two_units.yaml --rules all --output prices
      gridopt price case.yaml --rules zonal_avg --set pricing.zonal_avg.weights=load
    """
    from gridopt.study.priced import known_rules, price_file

    found = price_file(case, known_rules(rules), settings, say, stop, output)
    for warning in found["warnings"]:
        say(f"warning: {warning}")
    if "exit_code" in found:
        say(f"a limit was reached: prices of a schedule that costs up to {found['gap']:.2%} more than the best")
    if as_json:
        print_json(found)
        return found.get("exit_code", 0)
    click.echo(f"cleared\t{found['objective']:.2f}\t{found['currency']}\tgap\t{found['gap']:.2g}")
    click.echo("rule\tmean price\tload pays\tMWP\tLOC\tPRS\tgap\texact\tseconds")
    for rule, r in found["rules"].items():
        mean = sum(p.get("load_price", p["price"]) for p in r["prices"]) / len(r["prices"])
        money = "\t".join("–" if r[k] is None else f"{r[k]:.2f}" for k in ("load_payment", "mwp", "loc", "prs"))
        proven = f"{r['gap']:.2g}\t{'yes' if r['exact'] else 'no'}"
        click.echo(f"{rule}\t{mean:.2f}\t{money}\t{proven}\t{found['seconds'][rule]:.2f}")
    return found.get("exit_code", 0)
