"""Key `market.settlement` of a study; declared beside what reads it."""

from gridopt.settlement.rules import Settlement

__all__ = ["Settlement"]
