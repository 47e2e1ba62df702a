"""`python -m lss_core`."""

from lss_core.cli import main

if __name__ == "__main__":
    main()
