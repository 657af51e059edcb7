"""Prove a bundle: checksums, versions, labels, and the golden rows through every format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from xinyi.errors import BundleError, XinyiError, describe
from xinyi.runtime.files import extra_files, file_problems, refused_versions
from xinyi.runtime.golden import NAME as GOLDEN
from xinyi.runtime.manifest import AGAIN, NAME, Manifest, read_json, read_labels, read_manifest
from xinyi.runtime.replay import Proof, Scorer, replay

SERVED = ("labels.json", "tokenizer.json", "config.json", GOLDEN)


def verify(folder: Path | str, strict: bool = True) -> list[str]:
    """What is wrong with a bundle; an empty list when all is as it was exported. See `prove`."""
    return prove(folder, strict=strict).problems


def prove(folder: Path | str, scorers: Callable[[], Mapping[str, Scorer]] = dict, strict: bool = True) -> Proof:
    """Check a bundle in all its parts.

    Looks at every file's SHA-256, files that the manifest does not name, versions of the text rooms, labels.json
    and config.json against the manifest, and replays golden.jsonl through every format that can run here.

    Args:
        scorers: gives format → how it is asked, for formats that need torch; called only when there are such.
        strict: another version of normaliser or masker is a problem; False only warns of it, and what it changes in
            the golden rows is still found.

    Raises:
        BundleError: there is no bundle at all.
    """
    folder = Path(folder)
    if not (folder / NAME).is_file():
        read_manifest(folder)  # says what is missing
    try:
        manifest = read_manifest(folder)
    except BundleError as error:
        return Proof(error.problems)
    damaged = file_problems(manifest)
    proof = Proof(damaged + extra_files(manifest) + refused_versions(manifest, strict))
    if any(problem.startswith(f"{path}:") for problem in damaged for path in SERVED):
        proof.problems.append(f"{GOLDEN}: not replayed, because files that it needs are missing or changed")
        return proof
    try:
        proof.problems += _label_problems(manifest)
        replay(manifest, damaged, scorers, proof)
    except XinyiError as error:
        proof.problems += getattr(error, "problems", [str(error)])
    return proof


def _label_problems(manifest: Manifest) -> list[str]:
    """labels.json and config.json against the manifest's own copy."""
    tasks, decodings = read_labels(manifest.folder)
    problems = []
    if [task.id for task in tasks] != [task.id for task in manifest.tasks]:
        ids = [[task.id for task in group] for group in (manifest.tasks, tasks)]
        return [describe(f"tasks {ids[0]}", ids[1], AGAIN, "labels.json against the manifest")]
    config = read_json((manifest.folder / "config.json").read_bytes(), "config.json").get("xinyi") or {}
    for here, sealed in zip(tasks, manifest.tasks, strict=True):
        where = f"labels.json task {here.id} against the manifest"
        if here != sealed:
            problems.append(describe("the labels and names of the export", "others", AGAIN, where))
        if decodings[here.id] != manifest.decodings[here.id]:
            got = decodings[here.id].to_dict()
            problems.append(describe(f"decoding {manifest.decodings[here.id].to_dict()}", got, AGAIN, where))
        if config.get("tasks", {}).get(here.id) != list(here.label_ids):
            problems.append(describe("the label order of config.json", "another", AGAIN, f"labels.json task {here.id}"))
    return problems
