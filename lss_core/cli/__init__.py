"""The command line: `python -m lss_core --help`.

Exit codes: 0 all went well; 1 refused, with the reason and the remedy; 2 the call was
wrong; 3 done in part, some of the input was refused.
"""

from __future__ import annotations

import sys

from lss_core.cli.commands import app
from lss_core.cli.show import IN_PART, REFUSED, err
from lss_core.errors import LssError

__all__ = ["IN_PART", "REFUSED", "app", "main"]


def main() -> None:
    """Run a command; a refusal is printed as what, why and what to do."""
    try:
        app()
    except LssError as error:
        err.print(f"[bold]{error.subject}[/]: {error.reason}.\n{error.remedy}.", highlight=False)
        sys.exit(REFUSED)
