"""`gridopt weather`: synthetic profile years."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from gridopt.commands import say


@click.command()
@click.argument("recipe", default="gansu")
@click.option("--year", type=click.IntRange(1990, 2100), default=2025, show_default=True, help="Calendar year.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another seed is another year of weather.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write (NAME-YEAR-SEED.nc).")
def command(recipe: str, year: int, seed: int, output: Path | None) -> int:
    """Make a synthetic year of wind, sun, water, demand, schedules and prices from RECIPE.

    RECIPE is a recipe file or the name of shipped profiles (gansu if left out).

    The numbers are drawn from a statistical model, not measured. The same recipe, year and seed give the same file.

    Examples:

    \b
      gridopt weather gansu --year 2025 --seed 7 -o windy.nc
      gridopt weather my/recipe.yaml --year 2028
    """
    from gridopt.study.locate import locate
    from gridopt.weather import year as years

    path = locate("profiles", recipe)
    path = path / "recipe.yaml" if path.is_dir() else path
    target = output or Path(f"{path.parent.name}-{year}-{seed}.nc")
    say(f"making {year} with seed {seed} from {path.name}")
    years.write(years.make(path, year, seed), target)
    click.echo(str(target))
    return 0
