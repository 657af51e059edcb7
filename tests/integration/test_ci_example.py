"""The example workflow for a team's repository, run step by step as the shell scripts that it is."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from pipeline_world import write_slice

import xinyi

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(1800)]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "ci"
# What a runner has and this machine may not, and what would go to the network: noted instead of done.
NOTED = ("pip", "gh")
# A slice of the sample corpus cannot show what real data can: it only has to hang together.
RULES = {"rules": [{"rule": "rows", "minimum": 50}, {"rule": "recomputed"}, {"rule": "parity", "maximum": 1e-5},
                   {"rule": "no_regression", "margin": 0.9}]}  # fmt: skip


@dataclass
class Runner:
    """As much of a GitHub runner as the workflow asks for. outputs: step id → its GITHUB_OUTPUT."""

    root: Path
    env: dict[str, str]
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def job(self, job: dict[str, Any]) -> int:
        """Run the `run:` steps in order; the code of the first that fails, else 0."""
        for step in job["steps"]:
            if "run" in step and (code := self.step(step, job.get("env", {}))):
                return code
        return 0

    def step(self, step: dict[str, Any], common: dict[str, str]) -> int:
        files = {name: self.root / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        files["GITHUB_OUTPUT"].write_text("")
        own = {key: self.filled(value) for key, value in {**common, **step.get("env", {})}.items()}
        env = self.env | {name: str(path) for name, path in files.items()} | own
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self.filled(step["run"])]
        found = subprocess.run(command, cwd=self.root, env=env, capture_output=True, text=True)
        (self.root / "log.txt").open("a").write(f"== {step['name']}\n{found.stdout}{found.stderr}\n")
        self.done.append(step["name"])
        pairs = [line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines()]
        self.outputs[step.get("id", step["name"])] = dict(pairs)
        return found.returncode

    def filled(self, text: str) -> str:
        """`${{ … }}` as the runner fills it in."""
        known = {"github.token": "t", "github.repository": "team/model", "github.event.number": "7"}
        for step, values in self.outputs.items():
            known |= {f"steps.{step}.outputs.{key}": value for key, value in values.items()}
        return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda found: known[found[1]], str(text))


def write_tools(folder: Path) -> None:
    """`xinyi` of this source tree, and tools that only note what they were asked."""
    folder.mkdir()
    scripts = {name: f'echo "{name} $*" >> "{folder}/noted.txt"' for name in NOTED}
    scripts["xinyi"] = f'exec "{sys.executable}" -m xinyi.cli "$@"'
    for name, line in scripts.items():
        file = folder / name
        file.write_text(f"#!/usr/bin/env bash\n{line}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    job = yaml.safe_load((EXAMPLES / "model.yml").read_text(encoding="utf-8"))["jobs"]["model"]
    # So few rows lack whole labels: findings that the team of this repository has accepted.
    job["env"]["DATA"] += " checks.fail_on=error checks.skip=[unseen_labels]"
    return job


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A team's repository with data, rules and the bundle of the model in use."""
    root = tmp_path_factory.mktemp("repository")
    write_slice(root / "data")
    (root / "rules.yaml").write_text(yaml.safe_dump(RULES))
    write_tools(root / "tools")
    source = Path(xinyi.__file__).parents[1]
    path = f"{root / 'tools'}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "PYTHONPATH": str(source), "OMP_NUM_THREADS": "1", "XINYI_LOG": "WARNING"}
    return Runner(root, env)


@pytest.fixture(scope="module")
def released(runner: Runner, workflow: dict[str, Any]) -> Runner:
    """The repository after the training step once made the champion."""
    train = next(step for step in workflow["steps"] if step.get("name") == "train")
    first = {**train, "run": f"{train['run']} seed=3"}
    assert runner.step(first, workflow["env"]) == 0, (runner.root / "log.txt").read_text()
    shutil.copytree(runner.root / "runs" / "candidate" / "bundle", runner.root / "models" / "in-use")
    shutil.rmtree(runner.root / "runs")
    return runner


def test_every_step_runs_and_the_verdict_reaches_the_pull_request(released: Runner, workflow: dict[str, Any]) -> None:
    released.done.clear()
    code = released.job(workflow)
    log = (released.root / "log.txt").read_text()
    assert code == 0, log
    names = ["install", "check the data", "train", "champion", "evaluate", "gate", "compare", "comment", "verdict"]
    assert released.done == names
    noted = (released.root / "tools" / "noted.txt").read_text()
    assert "pip install wheels/xinyi-0.1.0-py3-none-any.whl[train]" in noted
    assert "gh pr comment 7 --body-file verdict/comment.md" in noted
    verdict = released.root / "verdict"
    gate = json.loads((verdict / "gate.json").read_text(encoding="utf-8"))
    assert (gate["verdict"], released.outputs["gate"]["code"]) == ("pass", "0")
    assert {outcome["rule"] for outcome in gate["outcomes"]} == {"rows", "recomputed", "parity", "no_regression"}
    assert ElementTree.parse(verdict / "gate.xml").getroot().get("failures") == "0"
    assert "Gate: pass" in (released.root / "github_step_summary").read_text(encoding="utf-8")
    comment = (verdict / "comment.md").read_text(encoding="utf-8")
    assert "Gate: pass" in comment
    assert "rows wrong now, right before" in comment


def test_a_failing_gate_stops_the_job_after_the_comment(released: Runner, workflow: dict[str, Any]) -> None:
    """From the gate on, with a rule that no model of this size meets."""
    assert (released.root / "evaluated" / "candidate").is_dir(), "runs after the test above"
    harder = {"rules": [*RULES["rules"], {"rule": "floor", "metric": "macro_f1", "minimum": 0.99}]}
    (released.root / "rules.yaml").write_text(yaml.safe_dump(harder))
    names = [step.get("name") for step in workflow["steps"]]
    rest = {**workflow, "steps": workflow["steps"][names.index("gate") :]}
    released.done.clear()
    assert released.job(rest) == 1
    assert released.done == ["gate", "compare", "comment", "verdict"]
    (released.root / "rules.yaml").write_text("rules: [{rule: flor}]")
    released.done.clear()
    assert released.job(rest) != 0
    assert released.done == ["gate"]  # unusable rules: nothing to tell a pull request


def test_the_first_model_is_judged_without_another(released: Runner, workflow: dict[str, Any]) -> None:
    """After the training, which the tests above did."""
    shutil.rmtree(released.root / "verdict")
    shutil.rmtree(released.root / "evaluated")
    alone = {"rules": [rule for rule in RULES["rules"] if rule["rule"] != "no_regression"]}
    (released.root / "rules.yaml").write_text(yaml.safe_dump(alone))
    names = [step.get("name") for step in workflow["steps"]]
    rest = {"env": {**workflow["env"], "CHAMPION": ""}, "steps": workflow["steps"][names.index("champion") :]}
    assert released.job(rest) == 0, (released.root / "log.txt").read_text()
    assert "Gate: pass" in (released.root / "verdict" / "comment.md").read_text(encoding="utf-8")


def test_the_rules_beside_the_workflow_can_be_read() -> None:
    from xinyi.pipeline.gate import read_rules

    assert len(read_rules(EXAMPLES / "rules.yaml")) == 7
