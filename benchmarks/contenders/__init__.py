"""One file per contender and case: reads the data, solves, writes what it found. Each run is a fresh interpreter."""
