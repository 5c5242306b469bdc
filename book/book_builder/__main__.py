"""The command line: `python -m book_builder book`, `execute`, `links` or `claims`.

Each command imports what it needs when it runs, so that `--help` answers at once. To add a command, write its
two functions (one declares the arguments, one runs) and name the first in `COMMANDS`.
"""

import argparse
import sys
from pathlib import Path


def add_book(commands):
    command = commands.add_parser("book", help="execute the notebooks that need it, and build the book")
    command.add_argument(
        "--page", type=Path, metavar="NOTEBOOK", help="build this one notebook, quickly and without refusing warnings"
    )
    command.set_defaults(run=run_book)


def run_book(arguments):
    from book_builder import execution

    print(execution.build_page(arguments.page) if arguments.page else execution.build())
    return 0


def add_execute(commands):
    command = commands.add_parser("execute", help="execute the notebooks that need it")
    command.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="no others than these")
    command.set_defaults(run=run_execute)


def run_execute(arguments):
    from book_builder import execution

    execution.execute(only=arguments.notebooks)
    return 0


def add_links(commands):
    command = commands.add_parser("links", help="follow every link that leads out of the book")
    command.set_defaults(run=run_links)


def run_links(arguments):
    from book_builder import execution

    broken = execution.broken_links()
    print("\n".join(broken) or "every link was followed", file=sys.stderr if broken else sys.stdout)
    return 1 if broken else 0


def add_claims(commands):
    command = commands.add_parser("claims", help="print every claim of the book and its evidence")
    command.add_argument("--json", type=Path, metavar="FILE", help="write them to FILE too")
    command.set_defaults(run=run_claims)


def run_claims(arguments):
    from book_builder import claim_table, execution

    if arguments.json and not arguments.json.absolute().parent.is_dir():
        print(f"error: --json expected a file in a folder that exists, given {arguments.json}", file=sys.stderr)
        return 2
    rows = claim_table.rows(execution.payloads())
    print(claim_table.table(rows))
    if arguments.json:
        claim_table.write(rows, arguments.json)
    broken = [row["id"] for row in rows if not claim_table.sound(row)]
    if broken:
        print(f"not sound: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


COMMANDS = [add_book, add_execute, add_links, add_claims]


def main(argv=None):
    """Run one command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m book_builder", description="Recurrent Networks, Checked.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    arguments = parser.parse_args(argv)
    from book_builder.execution import NotebookError

    try:
        return arguments.run(arguments)
    except NotebookError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
