"""Ratios of gridopt against other programs on the same case in the same run: `python3 benchmarks/run.py`."""
