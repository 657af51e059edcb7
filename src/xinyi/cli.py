"""The doors: one command each, no logic. Heavy libraries load inside the command that needs them."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Callable, Sequence

from xinyi import __version__
from xinyi.errors import XinyiError

Command = Callable[[Sequence[str]], int]


def _command(name: str) -> Command:
    """The command of that name; its module, and what that imports, loads when it runs."""

    def run(arguments: Sequence[str]) -> int:
        """Import the command's module and run it."""
        return importlib.import_module(f"xinyi.commands.{name}").main(arguments)

    return run


COMMANDS: dict[str, tuple[Command, str]] = {
    "train": (_command("train"), "fine-tune, evaluate, gate, export and log one run (overrides: see --help)"),
    "pretrain": (_command("pretrain"), "train an encoder on text without labels, from scratch or from any backbone"),
    "study": (_command("study"), "train with one thing changed, over paired seeds, and show the differences"),
    "tune": (_command("tune"), "search for settings with Optuna, by validation rows"),
    "resume": (_command("resume"), "go on with a run that was stopped or killed"),
    "replay": (_command("replay"), "repeat a past run from its record: exit 0 the same numbers, 1 others"),
    "evaluate": (_command("evaluate"), "predictions and a report of a run or bundle on any data"),
    "gate": (_command("gate"), "judge a report by rules: exit 0 pass, 1 fail, 3 undecided, 2 unusable"),
    "compare": (_command("compare"), "runs side by side: paired differences and flipped rows"),
    "promote": (_command("promote"), "make a run the model in use, with a passing verdict; --rollback goes back"),
    "export": (_command("export"), "write the bundle of a finished run"),
    "verify": (_command("verify"), "replay a bundle's golden rows and check its files"),
    "predict": (_command("predict"), "answer the messages of a csv, tsv, jsonl, parquet or xlsx file with a bundle"),
    "data": (_command("data"), "check a data set, or mask personal data in a file"),
    "ui": (_command("ui"), "open MLflow's pages on 127.0.0.1"),
}
# Packages that come with another extra than `train`, by the name they are imported by.
EXTRAS = {
    "optuna": "tune",
    "peft": "lora",
    "openvino": "openvino",
    "model_signing": "sign",
    "OpenSSL": "sign",
    "pyspark": "spark",
    "openpyxl": "tables",
}
# Commands that torchrun or srun may start in several processes: one walks, the others train along.
TOGETHER = ("train", "pretrain", "resume")
# Help text of a flag that several commands have.
ANY_VERSION = "only warn where the bundle was made with other versions of normaliser or masker"
# What data-parallel training starts on its own for each further process.
HIDDEN: dict[str, Command] = {"worker": _command("worker")}


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
    # Threads that wait without spinning: as fast on idle cores, and several times faster where others compute too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    level = os.environ.get("XINYI_LOG", "INFO").upper()
    logging.getLogger("xinyi").setLevel(level if level in logging.getLevelNamesMapping() else "INFO")
    if name not in TOGETHER:
        return _guarded(name, command, rest)
    return _guarded(name, lambda given: _together(name, command, given), rest)


def _together(name: str, command: Command, arguments: Sequence[str]) -> int:
    from xinyi.training.launch import launched

    launch = launched()
    if launch is None:
        return command(arguments)
    from xinyi.pipeline.together import together

    return together(launch, lambda: _guarded(name, command, arguments))


def _guarded(name: str, command: Command, arguments: Sequence[str]) -> int:
    try:
        return command(arguments)
    except XinyiError as error:
        print(f"xinyi {name}: {error}", file=sys.stderr)
        return error.exit_code
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("xinyi"):
            raise
        extra = EXTRAS.get((error.name or "").split(".")[0], "train")
        print(f"xinyi {name}: expected the package {error.name!r}; pip install 'xinyi[{extra}]'", file=sys.stderr)
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
