"""Start genspec. `genspec --version` is answered before anything else is imported."""

import sys


def main() -> None:
    """Run the command line and leave with its exit status."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from genspec import __version__

        print(f"genspec {__version__}")
        return
    try:
        from genspec.cli.app import run
    except KeyboardInterrupt:                   # while the modules were loading
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))
