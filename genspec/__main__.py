"""Run `python -m genspec`."""

from genspec.cli.main import main

if __name__ == "__main__":
    main()
