"""`python -m gridopt` is the same as the installed command `gridopt`."""

from gridopt.commands import main

if __name__ == "__main__":
    main()
