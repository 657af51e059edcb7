"""The report as one self-contained HTML page: no script, no request to the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from xinyi.evaluation.report.view import page_view


def render_html(report: Mapping[str, Any], gate: Mapping[str, Any] | None = None) -> str:
    """One page; every text in it is escaped, since customers wrote some of them."""
    environment = Environment(
        loader=PackageLoader("xinyi.evaluation.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(page_view(report, gate))
