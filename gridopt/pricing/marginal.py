"""Marginal prices of the dispatch as it was solved: the duals that the solver ended with (see dispatch/lmp.py)."""

from gridopt.dispatch.lmp import LOSSES, Prices, load_share, price

__all__ = ["LOSSES", "Prices", "load_share", "price"]
