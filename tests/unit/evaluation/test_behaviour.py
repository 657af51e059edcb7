from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from evaluation_world import MOOD, STARS, WISH

from xinyi.errors import BundleError, ConfigError
from xinyi.evaluation.behaviour import Suite, Test, check_suites, load_suites, run_suites
from xinyi.evaluation.behaviour.cases import make_cases
from xinyi.evaluation.behaviour.outcome import behaviour_tables
from xinyi.evaluation.behaviour.polarity import polarity
from xinyi.evaluation.behaviour.run import read_answers
from xinyi.evaluation.behaviour.suite import shipped
from xinyi.evaluation.report import view_parts
from xinyi.evaluation.schema_parts import behaviour_problems
from xinyi.evaluation.settings import EvaluationSettings
from xinyi.gates import Evidence, judge, parse_rules
from xinyi.tasks.decode import Decoding
from xinyi.tasks.spec import Label, TaskSpec

FEEL = TaskSpec("feel", "single", (Label("negative"), Label("neutral"), Label("positive")))
OWN = """
suite: delivery
zh: 配送
en: Delivery
tests:
  late:
    zh: 迟到是抱怨
    en: Late is a complaint
    type: minimum_functionality
    expect: {polarity: negative, wish: [w2, w1], mood: anger}
    texts: [又迟到了, 送得太慢]
  shout:
    type: directional
    perturb: exclaim
    expect: {polarity: not_up, mood: {anger: up}}
    texts: [又迟到了]
  brand:
    type: invariance
    perturb: [brand, traditional]
    rows: true
    texts: [顺丰慢, 好]
"""


def own_suite(tmp_path: Path, text: str = OWN) -> list[Suite]:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return load_suites([str(path)])


def model(texts: list[str], contexts: list[str]) -> dict[str, np.ndarray]:
    """Negative when a text says 慢 or 迟到, the more so with !; wishes by length; angry when it shouts."""
    loud = np.array([text.count("！") for text in texts], dtype=float)
    bad = np.array([2.0 if "慢" in text or "迟到" in text else -2.0 for text in texts])
    feel = np.stack([bad + loud, np.zeros(len(texts)), -bad - loud], axis=1)
    wish = np.stack([np.zeros(len(texts)), bad, bad * 0.5, -bad], axis=1)
    mood = np.stack([loud - 1.0, -bad, np.full(len(texts), -3.0)], axis=1)
    return {"feel": feel, "wish": wish, "mood": mood}


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_suite_is_sound_and_every_test_has_cases(name: str) -> None:
    (suite,) = load_suites([name])
    assert suite.name == name
    assert suite.zh
    assert suite.en
    cases = make_cases([suite])
    for test in suite.tests:
        own = [case for case in cases if case.test == test.name]
        assert len(own) >= 4, test.name
        assert all(case.changed is None or case.changed != case.text for case in own)
        assert test.zh, test.name
        assert test.en, test.name


def test_shipped_expectations_name_labels_that_the_shipped_tasks_have(tmp_path: Path) -> None:
    from xinyi.config.builders import task_specs
    from xinyi.config.compose import load

    labels = {spec.id: set(spec.label_ids) for spec in task_specs(load([], None))}
    for suite in load_suites(["default"]):
        for test in suite.tests:
            for task, wanted in test.expect.items():
                if task != "polarity":
                    names = {wanted} if isinstance(wanted, str) else set(wanted)
                    assert names <= labels[task], (suite.name, test.name)


def test_a_suite_of_ones_own_from_yaml_to_rates(tmp_path: Path) -> None:
    suites = own_suite(tmp_path)
    path = run_suites(suites, model, [FEEL, WISH, MOOD], tmp_path / "b.parquet", ["圆通慢", "谢谢"], ["", ""], rows=5)
    tables = behaviour_tables(path, {}, EvaluationSettings(resamples=100))
    assert list(behaviour_problems(tables["feel"], "x")) == []
    feel = tables["feel"]["delivery"]
    assert feel["late"]["pass_rate"]["value"] == 1.0
    assert feel["late"]["flip_rate"]["value"] is None
    assert feel["shout"]["pass_rate"]["value"] == 1.0
    # 顺丰 and 圆通 are brands; 顺丰慢, 圆通慢 and 谢谢 have traditional characters, 好 has none.
    assert feel["brand"]["n"] == 5
    assert (feel["brand"]["pass_rate"]["value"], feel["brand"]["flip_rate"]["value"]) == (1.0, 0.0)
    assert tables["wish"]["delivery"]["late"]["pass_rate"]["value"] == 1.0
    assert set(tables["wish"]["delivery"]) == {"late", "brand"}
    mood = tables["mood"]["delivery"]
    assert mood["late"]["pass_rate"] == {"value": 0.0, "low": 0.0, "high": pytest.approx(0.6576, abs=1e-3), "n": 2}
    assert {example["text"] for example in mood["late"]["examples"]} == {"又迟到了", "送得太慢"}
    assert mood["shout"]["pass_rate"]["value"] == 1.0
    assert mood["shout"]["flip_rate"]["value"] == 1.0


def test_thresholds_decide_and_customers_words_can_be_left_out(tmp_path: Path) -> None:
    text = OWN.replace("perturb: [brand, traditional]", "perturb: exclaim")
    path = run_suites(own_suite(tmp_path, text), model, [MOOD], tmp_path / "b.parquet", ["喂"], [""], rows=5)
    always = {"mood": Decoding(thresholds=(0.01, 0.01, 0.01))}
    assert behaviour_tables(path, always, EvaluationSettings())["mood"]["delivery"]["late"]["pass_rate"]["value"] == 1.0
    hidden = behaviour_tables(path, {}, EvaluationSettings(texts=False))["mood"]["delivery"]["brand"]["examples"]
    assert {example["text"] for example in hidden} == {"顺丰慢", "好", ""}


def test_answers_are_asked_once_and_kept(tmp_path: Path) -> None:
    asked: list[str] = []

    def counting(texts: list[str], contexts: list[str]) -> dict[str, np.ndarray]:
        asked.extend(texts)
        return model(texts, contexts)

    suites = own_suite(tmp_path)
    path = run_suites(suites, counting, [FEEL], tmp_path / "b.parquet")
    assert len(asked) == len(set(asked))
    found = read_answers(path)
    assert found.suites == suites
    assert [case.text for case in found.cases][:2] == ["又迟到了", "送得太慢"]
    assert make_cases(suites) == found.cases
    path.write_bytes(b"no parquet")
    with pytest.raises(BundleError, match="answers to behaviour suites"):
        read_answers(path)


def test_no_cases_no_answers(tmp_path: Path) -> None:
    test = Test("t", "invariance", perturb=("brand",), rows=True)
    path = run_suites([Suite("s", (test,))], model, [FEEL], tmp_path / "b.parquet")
    (found,) = behaviour_tables(path, {}, EvaluationSettings())["feel"]["s"].values()
    assert (found["n"], found["pass_rate"]["value"], found["examples"]) == (0, None, [])
    assert "no case" in found["pass_rate"]["why"]


def test_a_test_that_changes_nothing_is_seen(tmp_path: Path) -> None:
    """Besides one that passes: on the page, and by the gate."""
    text = OWN.replace("[brand, traditional]", "[brand]").replace("[顺丰慢, 好]", "[好]")
    path = run_suites(own_suite(tmp_path, text), model, [FEEL], tmp_path / "b.parquet")
    table = behaviour_tables(path, {}, EvaluationSettings())["feel"]
    assert (table["delivery"]["brand"]["n"], table["delivery"]["late"]["n"]) == (0, 2)
    assert list(behaviour_problems(table, "x")) == []
    report = {"schema_version": 1, "run": {}, "data": {}, "primary": {}, "task_specs": {}, "decoding": {}}
    evidence = Evidence({**report, "tasks": {"feel": {"test": {"behaviour": table}}}})
    found = judge(evidence, parse_rules([{"rule": "behaviour", "minimum": 0.1}]))["outcomes"]
    assert {one["part"]: one["answer"] for one in found} == {
        "delivery/late": "pass",
        "delivery/shout": "pass",
        "delivery/brand": "fail",
    }
    rows = view_parts.behaviour({"behaviour": table}, {})[0]["rows"]
    assert (rows[0]["n"], rows[0]["passed"], rows[0]["sound"]) == (0, "–", False)


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("wish: [w2, w1]", "wish: [w2, w9]", "'w9'"),
        ("wish: [w2, w1]", "wihs: [w2, w1]", "did you mean wish?"),
        ("mood: {anger: up}", "mood: {angry: up}", "did you mean anger?"),
        ("type: invariance", "type: invariance\n    tasks: [moood]", "did you mean mood?"),
    ],
)
def test_a_slip_in_a_suite_of_ones_own_is_found(tmp_path: Path, wrong: str, right: str, message: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(OWN, encoding="utf-8")
    check_suites(["default", str(path)], [FEEL, WISH, MOOD])
    path.write_text(OWN.replace(wrong, right), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        check_suites(["default", str(path)], [FEEL, WISH, MOOD])
    assert len(caught.value.problems) == 1
    assert message in str(caught.value)


def test_suites_for_other_models_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(OWN, encoding="utf-8")
    check_suites(["default", str(path)], [FEEL])
    with pytest.raises(ConfigError, match="a suite of their own"):
        check_suites([str(path)], [MOOD])


def test_which_tasks_tell_good_from_bad() -> None:
    assert polarity(FEEL).tolist() == [-1.0, 0.0, 1.0]
    assert polarity(STARS).tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert polarity(WISH) is None
    assert polarity(MOOD) is None
    five = ("very_negative", "negative", "neutral", "positive", "very_positive")
    assert polarity(TaskSpec("x", "ordinal", tuple(map(Label, five)))).tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert polarity(TaskSpec("urgency", "ordinal", tuple(map(Label, "123")))) is None


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("type: directional", "type: direction", "did you mean directional"),
        ("perturb: exclaim", "perturb: exclam", "did you mean exclaim"),
        ("polarity: not_up", "polarity: upwards", "one of up, down, not_up, not_down"),
        ("polarity: negative", "polarity: bad", "polarity among negative, neutral, positive"),
        ("texts: [又迟到了, 送得太慢]", "texts: [又迟到了, 3]", "put quotes round numbers"),
        ("zh: 迟到是抱怨", "zhs: 迟到是抱怨", "did you mean zh"),
        ("mood: {anger: up}", "mood: up", "label: direction"),
        ("rows: true", "expect: {polarity: up}", "the answer stays"),
        ("    perturb: exclaim\n", "", "a perturbation for the texts"),
        ("suite: delivery", "suit: delivery", "a name under `suite:`"),
        ("tests:", "test:", "with `tests:`"),
        ("[又迟到了, 送得太慢]", "[又迟到了", "a behaviour suite"),
    ],
)
def test_a_wrong_suite_is_refused_with_what_to_do(tmp_path: Path, before: str, after: str, message: str) -> None:
    assert before in OWN
    with pytest.raises(ConfigError, match=message):
        own_suite(tmp_path, OWN.replace(before, after, 1))


def test_all_problems_of_all_suites_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(OWN.replace("directional", "x").replace("invariance", "y"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_suites([str(tmp_path / "a.yaml"), str(tmp_path / "none.yaml")])
    assert len(caught.value.problems) == 3
    (tmp_path / "b.yaml").write_text(OWN, encoding="utf-8")
    (tmp_path / "c.yaml").write_text(OWN, encoding="utf-8")
    with pytest.raises(ConfigError, match="'delivery' twice"):
        load_suites([str(tmp_path / "b.yaml"), str(tmp_path / "c.yaml")])


def test_a_change_that_leaves_nothing_is_asked_as_it_is(tmp_path: Path) -> None:
    suite = own_suite(
        tmp_path,
        """
suite: marks
zh: 标点
en: Punctuation
tests:
  bare:
    type: invariance
    perturb: no_punctuation
    texts: [！！！]
""",
    )
    (case,) = make_cases(suite)
    assert case.changed == ""
    asked: list[str] = []

    def answer(texts: list[str], contexts: list[str]) -> dict[str, np.ndarray]:
        asked.extend(texts)
        return {"feel": np.array([[9.0, 0, 0] if text else [0, 0, 9.0] for text in texts])}

    found = read_answers(run_suites(suite, answer, [FEEL], tmp_path / "b.parquet"))
    assert sorted(asked) == ["", "！！！"]
    assert found.before["feel"].argmax() != found.after["feel"].argmax()
