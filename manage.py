"""Command line of the Pattern Workbench; run with --help for the list of commands."""

from workbench.cli import main

if __name__ == "__main__":
    main()
