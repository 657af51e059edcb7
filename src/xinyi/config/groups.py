"""Hydra set up on the packaged groups, with a user's own folder before them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from hydra import initialize_config_dir
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import OmegaConf

from xinyi.config.paths import conf_dir, sample_dir
from xinyi.config.roots import ROOTS


def group_list(name: str) -> str:
    """A line for each group with its options, for a help page: those of the root `name`, and a user's own."""
    own = next(root.groups for root in ROOTS if root.name == name)
    others = {group for root in ROOTS for group in root.groups} - set(own)
    loader = GlobalHydra.instance().config_loader()
    names = [group for group in loader.list_groups("") if group != "hydra" and group not in others]
    return "\n".join(f"{group}: {', '.join(loader.get_group_options(group))}" for group in names)


OmegaConf.register_new_resolver("config_groups", group_list, replace=True)
OmegaConf.register_new_resolver("sample_dir", lambda: str(sample_dir()), replace=True)


def register(config_dir: Path | None = None) -> None:
    """Put the schema's defaults under every composition (`train.yaml` begins with them), a user's folder before ours.

    Hydra's own --config-dir would put the folder after ours, where its options could add but never replace.
    """
    for root in ROOTS:
        ConfigStore.instance().store(root.base, OmegaConf.create(asdict(root.schema())), provider="xinyi")
    _UserFolder.folder = config_dir
    if _UserFolder not in Plugins.instance().discover(SearchPathPlugin):
        Plugins.instance().register(_UserFolder)


@contextmanager
def initialised(config_dir: Path | None) -> Iterator[None]:
    """Hydra ready to compose."""
    register(config_dir)
    GlobalHydra.instance().clear()
    initialize_config_dir(str(conf_dir()), version_base="1.3")
    try:
        yield
    finally:
        GlobalHydra.instance().clear()


class _UserFolder(SearchPathPlugin):
    """Puts the folder at the head of Hydra's search path."""

    folder: Path | None = None

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """See SearchPathPlugin; Hydra calls it."""
        if self.folder is not None:
            search_path.prepend("user", str(self.folder.resolve()), None)
