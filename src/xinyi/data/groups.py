"""Which rows hang together (data.group), kept in the splits as numbers: the names may be those of customers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from xinyi.data.table import GROUP, META

# Metadata that is no slice: what the data checks and the evaluation's intervals look at.
GROUPED = f"{META}data.group"
_CONVERSATION = re.compile(
    r"(conversation|dialog(ue)?|session|thread)s?_?(id|no|number)|(会话|对话)(_?id|编号|号|标识)", re.I
)


def number_groups(splits: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Tables with each row's group as a number instead of the working column, the same number in every split; without
    either where no row has a group.
    """
    names = pa.chunked_array([chunk for table in splits.values() for chunk in table[GROUP].chunks], pa.string())
    if names.null_count == len(names):
        return {name: table.drop_columns(GROUP) for name, table in splits.items()}
    known, out = pc.unique(names.drop_null()), {}
    for name, table in splits.items():
        numbers = pc.index_in(table[GROUP], value_set=known).cast(pa.string())
        place = table.column_names.index("source")
        out[name] = table.drop_columns(GROUP).add_column(place, GROUPED, numbers)
    return out


def overlooked(splits: Mapping[str, pa.Table]) -> Iterator[str]:
    """Notices about columns that name conversations of several rows while no setting says that these hang together."""
    table = next(iter(splits.values()))
    if {GROUPED, f"{META}conversation_id"} & set(table.column_names):
        return
    for column in table.column_names:
        name = column.removeprefix(META)
        if name == column or not _CONVERSATION.fullmatch(name):
            continue
        known = table[column].drop_null()
        if pc.count_distinct(known).as_py() < len(known):
            yield f"rows with one {name} count as independent; data.group={name} keeps them together, also in intervals"
