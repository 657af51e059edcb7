"""Check the signature of a bundle's manifest with the signer's public key. Needs `xinyi[sign]`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xinyi.errors import BundleError, describe
from xinyi.runtime.manifest import NAME, SIGNATURE


def model_signing() -> Any:
    """The OpenSSF model signing library. Raises BundleError when it is not installed."""
    try:
        import model_signing
    except ModuleNotFoundError as error:
        problem = describe("the package model-signing", "none", "pip install 'xinyi[sign]'", "signatures")
        raise BundleError([problem]) from error
    return model_signing


def signature_problems(bundle: Path, public_key: Path) -> list[str]:
    """Why the manifest is not vouched for by this key; none when it is.

    Raises:
        BundleError: no such key, or the library is not installed.
    """
    library = model_signing()
    if not (bundle / SIGNATURE).is_file():
        return [describe("a signature", "none", "ask for a signed bundle", SIGNATURE)]
    try:
        checker = library.verifying.Config().use_elliptic_key_verifier(public_key=public_key)
    except (OSError, ValueError, TypeError) as error:
        found = " ".join(str(error).split())[:200]
        raise BundleError([describe("a public key in PEM", found, "give another key", "--key")]) from error
    try:
        checker.verify(bundle / NAME, bundle / SIGNATURE)
    except Exception as error:  # the library's and its parsers' errors share no base class
        found = " ".join(str(error).split())[:200] or type(error).__name__
        return [describe(f"a manifest signed with {public_key.name}", found, "do not use this bundle", SIGNATURE)]
    return []
