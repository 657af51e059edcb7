"""The data of a run as MLflow data set inputs: names, counts and fingerprints, never a row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from xinyi.tracking.flatten import cut

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

DIGEST_LENGTH = 36
_NAME_LENGTH = 500
_SOURCE_LENGTH = 65_535
_CONTEXTS = {"train": "training", "validation": "validation", "test": "test"}


def dataset_inputs(summary: Mapping[str, Any]) -> list[DatasetInput]:
    """One input for each split of data.json. Digest: the first 36 of the fingerprint's 64 digits; the whole is a tag.

    MLflow's own digest covers the first 10,000 rows only, so ours is used.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    source = json.dumps({"tags": {"files": _files(summary)}}, ensure_ascii=False)
    found = []
    for split, content in summary["splits"].items():
        name, digest = dataset_key(summary["name"], split, content)
        dataset = Dataset(
            name=name,
            digest=digest,
            source_type="code",
            source=cut(source, _SOURCE_LENGTH),
            profile=json.dumps(_profile(content), ensure_ascii=False),
        )
        tags = {"mlflow.data.context": _CONTEXTS.get(split, split), "sha256": content["fingerprint"]}
        found.append(DatasetInput(dataset, [InputTag(key, value) for key, value in tags.items()]))
    return found


def dataset_key(name: str, split: str, content: Mapping[str, Any]) -> tuple[str, str]:
    """Name and digest by which MLflow knows a split."""
    return cut(f"{name}/{split}", _NAME_LENGTH), content["fingerprint"][:DIGEST_LENGTH]


def _files(summary: Mapping[str, Any]) -> str:
    """File names without their folders, which may hold names of people or machines."""
    return ", ".join(PurePath(source["file"]).name for source in summary.get("sources", []))


def _profile(content: Mapping[str, Any]) -> dict[str, Any]:
    known = {key: content[key] for key in ("labels", "missing", "characters") if key in content}
    return {"num_rows": content["rows"], **known}
