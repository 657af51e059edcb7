"""Traditional to simplified characters, with OpenCC's phrase tables; imported only when switched on."""

from __future__ import annotations

import functools
from collections.abc import Callable


def to_simplified(text: str) -> str:
    """Mainland simplified characters for traditional ones (OpenCC, configuration t2s); everything else stays.

    Applying it again changes nothing: the conversion is repeated until the text is stable.

    Raises:
        ImportError: the package OpenCC is not installed; the message says how to get it.
    """
    if text.isascii():
        return text
    convert = _converter()
    for _ in range(3):
        text, before = convert(text), text
        if text == before:
            break
    return text


@functools.cache
def _converter() -> Callable[[str], str]:
    try:
        from opencc import OpenCC
    except ImportError as error:
        message = "expected the package OpenCC for data.simplify=true, got none; pip install OpenCC, or switch it off"
        raise ImportError(message) from error
    return OpenCC("t2s").convert
