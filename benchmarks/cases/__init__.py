"""One file per case: makes the data that every contender reads, before anything is timed."""
