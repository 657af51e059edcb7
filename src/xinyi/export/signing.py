"""Sign a bundle's manifest with a private key, by the OpenSSF model signing library. Needs `xinyi[sign]`.

The manifest holds the SHA-256 of every other file, so that its signature stands for the bundle.
"""

from __future__ import annotations

from pathlib import Path

from xinyi.errors import BundleError, describe
from xinyi.runtime.manifest import NAME, SIGNATURE, read_manifest
from xinyi.runtime.signature import model_signing


def sign(bundle: Path, private_key: Path) -> Path:
    """Write manifest.json.sig beside the manifest; returns its path.

    private_key: an elliptic curve key (PEM), such as `openssl ecparam -name prime256v1 -genkey -noout` makes.

    Raises:
        BundleError: no bundle there, no key that can sign, or the library is not installed.
    """
    read_manifest(bundle)
    library = model_signing()
    target = bundle / SIGNATURE
    try:
        library.signing.Config().use_elliptic_key_signer(private_key=private_key).sign(bundle / NAME, target)
    except (OSError, ValueError, TypeError) as error:
        found = " ".join(str(error).split())[:200]
        raise BundleError([describe("an elliptic curve key in PEM", found, "give another key", "--sign")]) from error
    return target
