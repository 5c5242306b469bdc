"""The command line: `python -m rnnlib generate`.

Each command imports what it needs when it runs, so that `--help` answers at once. To add a command, write its
two functions (one declares the arguments, one runs) and name the first in `COMMANDS`.
"""

import argparse
import os
import sys
from pathlib import Path


def add_generate(commands):
    command = commands.add_parser("generate", help="write text with a trained model")
    command.add_argument("model", type=Path, metavar="MODEL", help="a model or a checkpoint of training")
    command.add_argument("--prefix", required=True, help="what the text starts with; at least one character")
    command.add_argument("--length", type=int, default=200, help="characters to draw at most (default 200)")
    command.add_argument("--temperature", type=float, default=1.0, help="0 is greedy (default 1)")
    command.add_argument("--stop", metavar="CHARACTER", help="end before this character")
    command.add_argument("--batch", type=int, default=1, help="how many texts to write (default 1)")
    command.add_argument("--seed", type=int, default=0, help="of the random numbers (default 0)")
    command.set_defaults(run=run_generate)


def run_generate(arguments):
    from rnnlib.training import generate, load_model

    given = {name: getattr(arguments, name) for name in ("length", "temperature", "stop", "batch", "seed")}
    try:
        model, vocabulary = load_model(arguments.model)
        if vocabulary is None:
            raise ValueError(f"MODEL expected a file with a vocabulary, given {str(arguments.model)!r}.")
        texts = generate(model, vocabulary, arguments.prefix, **given)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("\n".join(texts), flush=True)
    return 0


COMMANDS = [add_generate]


def main(argv=None):
    """Run one command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m rnnlib", description="Recurrent Networks, Checked.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    arguments = parser.parse_args(argv)
    return arguments.run(arguments)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # a console may lack a character of the text
    try:
        sys.exit(main())
    except BrokenPipeError:  # as by `| head`: whoever reads has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it closes
