"""The alias champion and its history, in a real registry without artifacts."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from xinyi.errors import TrackingError
from xinyi.tracking import champion, fetch_bundle
from xinyi.tracking.registry import Registry, bundle_place, named_version, open_registry
from xinyi.tracking.settings import TrackingSettings
from xinyi.tracking.store import Store


@pytest.fixture
def registry(store: Store, settings: TrackingSettings) -> Registry:
    return open_registry(settings.uri)


@pytest.fixture
def model(registry: Registry, tmp_path: Path) -> str:
    """A registered model of its own with three versions, the last two from one bundle."""
    name = f"客服-{uuid.uuid4().hex[:8]}"
    registry.client.create_registered_model(name)
    for number, seal in enumerate(("a", "b", "b")):
        files = tmp_path / str(number) / "artifacts" / "bundle" / "report"
        files.mkdir(parents=True)
        (files / "report.json").write_text(f"{number}")
        registry.client.create_model_version(name, (tmp_path / str(number)).as_uri(), tags={"manifest_sha256": seal})
    return name


def test_promoting_keeps_who_when_why_and_the_former_champion(registry: Registry, model: str) -> None:
    assert champion.current(registry, model) is None
    first = champion.promote(registry, model, "1", "第一个", {"report_sha256": "x"})
    second = champion.promote(registry, model, "3", "更准", {})
    assert (first.former, second.former) == (None, "1")
    now = champion.current(registry, model)
    assert now is not None
    assert str(now.version) == "3"
    assert now.tags["champion.why"] == "更准"
    assert now.tags["champion.former"] == "1"
    assert now.tags["champion.by"] == second.by != ""
    assert champion.history(registry, model) == [first, second]
    assert first.at <= second.at


def test_rollback_goes_back_one_promotion_at_a_time(registry: Registry, model: str) -> None:
    for version in ("1", "2", "3"):
        champion.promote(registry, model, version, "next", {})
    assert champion.rollback(registry, model, "worse in use").version == "2"
    assert champion.rollback(registry, model, "still worse").version == "1"
    with pytest.raises(TrackingError, match="former champion"):
        champion.rollback(registry, model, "no further")
    found = champion.history(registry, model)
    assert [(change.action, change.version, change.former) for change in found] == [
        ("promote", "1", None),
        ("promote", "2", "1"),
        ("promote", "3", "2"),
        ("rollback", "2", "3"),
        ("rollback", "1", "2"),
    ]
    # After a rollback the same version can be promoted again, and that undone too.
    champion.promote(registry, model, "3", "mended", {})
    assert champion.rollback(registry, model, "no").version == "1"


def test_what_cannot_be_done_changes_nothing(registry: Registry, model: str) -> None:
    with pytest.raises(TrackingError, match="a champion"):
        champion.rollback(registry, model, "none yet")
    champion.promote(registry, model, "2", "first", {})
    with pytest.raises(TrackingError, match="another version"):
        champion.promote(registry, model, "2", "again", {})
    with pytest.raises(TrackingError):
        champion.promote(registry, model, "9", "no such version", {})
    assert str(champion.current(registry, model).version) == "2"


def test_a_version_is_found_by_its_bundle(registry: Registry, model: str) -> None:
    assert str(champion.version_of(registry, model, "b").version) == "3"
    assert champion.version_of(registry, model, "c") is None
    assert champion.version_of(registry, "no such model", "b") is None
    with pytest.raises(TrackingError, match="without quotes"):
        champion.version_of(registry, "a' or name='b", "b")


def test_the_champions_files_are_fetched(registry: Registry, model: str, tmp_path: Path) -> None:
    champion.promote(registry, model, "2", "first", {})
    name = f"models:/{model}@champion"
    assert bundle_place(registry, named_version(registry, name)).endswith("/1/artifacts/bundle")
    folder = fetch_bundle(name, registry.uri, tmp_path / "got", ("report",))
    assert (folder / "report" / "report.json").read_text() == "1"
    assert str(named_version(registry, f"models:/{model}/3").version) == "3"


@pytest.mark.parametrize("name", ["models:/{}@no", "models:/{}/99", "models:/no@champion", "models:/{}", "models:/"])
def test_a_name_that_leads_nowhere_says_so(registry: Registry, model: str, tmp_path: Path, name: str) -> None:
    with pytest.raises(TrackingError, match="expected"):
        fetch_bundle(name.format(model), registry.uri, tmp_path)


def test_no_store_is_made_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="no such file"):
        open_registry(f"sqlite:///{tmp_path / 'none.db'}")
    assert not list(tmp_path.iterdir())
