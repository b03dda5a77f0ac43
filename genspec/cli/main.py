"""Start genspec. `genspec --version` is answered before anything else is imported."""

import sys


def main() -> None:
    """Run the command line and leave with its exit status."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from genspec import __version__

        try:
            print(f"genspec {__version__}", flush=True)
            return
        except OSError:                         # a full disk, a reader that has gone: said below, as for every verb
            pass
    try:
        from genspec.cli.app import run
    except KeyboardInterrupt:                   # while the modules were loading
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))
