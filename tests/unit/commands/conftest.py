"""`xinyi train` with the walk replaced by answers, and with few groups to compose."""

from __future__ import annotations

import pytest
import yaml

from xinyi.commands import train as command
from xinyi.config import groups, paths


@pytest.fixture
def walked(monkeypatch):
    """Replaces the walk by an answer for each seed: an exit code, or an error. Gives the runs that were begun."""
    begun = []

    def set_answers(answers):
        def walk(config, root, sweep=None):
            begun.append((config, root, sweep))
            answer = answers.get(config.seed, 0)
            if isinstance(answer, BaseException):
                raise answer
            (root / "state.json").write_text("{}", encoding="utf-8")
            return answer

        monkeypatch.setattr(command, "walk", walk)
        return begun

    return set_answers


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Our root YAML without the groups: composing them takes a fifth of a second, and a sweep does it often."""
    raw = yaml.safe_load((paths.conf_dir() / "train.yaml").read_text(encoding="utf-8"))
    raw["defaults"] = ["schema", *({f"override hydra/{name}_logging": "none"} for name in ("hydra", "job")), "_self_"]
    raw["data"] = {"train": str(tmp_path / "small" / "train.yaml"), "labels": {"a": "b"}}
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "train.yaml").write_text(yaml.safe_dump(raw), encoding="utf-8")
    for module in (groups, paths):
        monkeypatch.setattr(module, "conf_dir", lambda: tmp_path / "small")
