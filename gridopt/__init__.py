"""gridopt: least-cost dispatch of power networks, prices, and why renewables were curtailed."""

__version__ = "0.1.0"
