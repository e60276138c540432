"""Synthetic profile years: sky, sun, wind, water, load and markets, drawn from one recipe."""
