"""The doors: one command each, no logic. Heavy libraries load inside the command that needs them."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence

from xinyi import __version__
from xinyi.errors import XinyiError

Command = Callable[[Sequence[str]], int]


def _train(arguments: Sequence[str]) -> int:
    from xinyi.commands.train import main

    return main(arguments)


def _resume(arguments: Sequence[str]) -> int:
    from xinyi.commands.resume import main

    return main(arguments)


def _worker(arguments: Sequence[str]) -> int:
    from xinyi.commands.worker import main

    return main(arguments)


def _evaluate(arguments: Sequence[str]) -> int:
    from xinyi.commands.evaluate import main

    return main(arguments)


def _gate(arguments: Sequence[str]) -> int:
    from xinyi.commands.gate import main

    return main(arguments)


def _export(arguments: Sequence[str]) -> int:
    from xinyi.commands.export import main

    return main(arguments)


def _verify(arguments: Sequence[str]) -> int:
    from xinyi.commands.verify import main

    return main(arguments)


def _predict(arguments: Sequence[str]) -> int:
    from xinyi.commands.predict import main

    return main(arguments)


def _data(arguments: Sequence[str]) -> int:
    from xinyi.commands.data import main

    return main(arguments)


def _ui(arguments: Sequence[str]) -> int:
    from xinyi.commands.ui import main

    return main(arguments)


COMMANDS: dict[str, tuple[Command, str]] = {
    "train": (_train, "fine-tune, evaluate, gate, export and log one run (Hydra overrides; --help lists them)"),
    "resume": (_resume, "go on with a run that was stopped or killed"),
    "evaluate": (_evaluate, "predictions and a report of a run or bundle on any data"),
    "gate": (_gate, "judge a report by rules: exit 0 pass, 1 fail, 3 undecided, 2 unusable"),
    "export": (_export, "write the bundle of a finished run"),
    "verify": (_verify, "replay a bundle's golden rows and check its files"),
    "predict": (_predict, "answer the messages of a csv, tsv or jsonl file with a bundle"),
    "data": (_data, "check a data set, or mask personal data in a file"),
    "ui": (_ui, "open MLflow's pages on 127.0.0.1"),
}
# What data-parallel training starts on its own for each further process.
HIDDEN: dict[str, Command] = {"worker": _worker}


def usage() -> str:
    """What `xinyi --help` prints."""
    lines = [f"xinyi {__version__} · classifiers for Chinese customer messages", "", "usage: xinyi COMMAND …", ""]
    lines += [f"  {name:10}{text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join([*lines, "", "Each command has --help. Exit codes: 0 done, 2 wrong input, others as stated."])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors that a user can mend are shown without a traceback."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if arguments else 2
    if arguments[0] in ("--version", "-V"):
        print(f"xinyi {__version__}")
        return 0
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS and name not in HIDDEN:
        print(f"xinyi: expected a command among {', '.join(COMMANDS)}, got {name!r}; see xinyi --help", file=sys.stderr)
        return 2
    command = HIDDEN.get(name) or COMMANDS[name][0]
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("xinyi").setLevel(os.environ.get("XINYI_LOG", "INFO"))
    return _guarded(name, command, rest)


def _guarded(name: str, command: Command, arguments: Sequence[str]) -> int:
    try:
        return command(arguments)
    except XinyiError as error:
        print(f"xinyi {name}: {error}", file=sys.stderr)
        return error.exit_code
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("xinyi"):
            raise
        print(f"xinyi {name}: expected the package {error.name!r}; pip install 'xinyi[train]'", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"xinyi {name}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has left, as `| head` does.
        sys.stderr.close()
        return 0


def parser(command: str, description: str) -> argparse.ArgumentParser:
    """An argument parser whose errors exit with 2."""
    return argparse.ArgumentParser(prog=f"xinyi {command}", description=description)


if __name__ == "__main__":
    sys.exit(main())
