"""Conversations or customers with rows in several splits: their own words help to answer for them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xinyi.data.checks.finding import Check, Measured
from xinyi.data.checks.material import Material
from xinyi.data.groups import GROUPED

_GROUP = re.compile(
    r"(conversation|dialog(ue)?|session|customer|user|client|speaker|author|thread|group)s?(_?id)?"
    r"|(会话|对话|客户|用户|顾客|买家|会员)(编号|号|号码|手机号|账号|标识|名|名称|昵称|_?id)?",
    re.I,
)
# A column of fewer values says what customers are, not who.
_FEWEST = 20


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The share of each later split's rows whose group stands in an earlier one, by data.group and each column that
    names groups."""
    table = next(iter(material.splits.values()))
    told = set()  # data.group is often one of the columns kept: said once
    for name in sorted(filter(lambda name: _names_groups(table, name), table.column_names), key=GROUPED.__ne__):
        for first, second in material.pairs():
            groups = material.splits[second][name]
            known = pc.unique(material.splits[first][name].drop_null())
            count = int(np.sum(pc.is_in(groups, value_set=known).to_numpy()))
            if count and (first, second, count) not in told:
                told.add((first, second, count))
                share = count / len(groups)
                column = name.removeprefix("meta.")
                message = (
                    f"{count:,} of {len(groups):,} {second} rows ({share:.1%}) have a {column} that {first} has too"
                )
                yield Measured(share, message, split=second, count=count)


def _names_groups(table: pa.Table, name: str) -> bool:
    """Whether a column tells customers or conversations apart."""
    if name == GROUPED:
        return True
    named = name.startswith("meta.") and _GROUP.fullmatch(name.removeprefix("meta."))
    return bool(named) and pc.count_distinct(table[name]).as_py() >= _FEWEST


CHECK = Check(
    "crossing_groups",
    "conversations or customers in several splits",
    "warning",
    0.0,
    "set data.group to that column and let the splits be made, or split the files by it",
    measure,
    needs_train=True,
)
