"""A PGLib-UC file given by the user, put where the contenders look for it."""

import shutil
import sys
from pathlib import Path

if __name__ == "__main__":
    folder, file = map(Path, sys.argv[1:])
    shutil.copyfile(file, folder / "case.json")
