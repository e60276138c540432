"""Files of series, opened: their time stamps checked, their columns read when asked for."""
