"""DKIM signatures (RFC 6376) with RSA or Ed25519 (RFC 8463) keys: pure.

Canonicalisation is relaxed for headers, which servers fold anew, and simple for the body, which
nobody may touch: it is of 7 bits in short lines already.
"""

import re
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from newsletter.errors import BadSetting

SIGNED = (
    b"From", b"To", b"Reply-To", b"Subject", b"Date", b"Message-ID", b"MIME-Version", b"Content-Type",
    b"List-Id", b"List-Unsubscribe", b"List-Unsubscribe-Post",
)  # fmt: skip
"""RFC 6376 §5.4.1; RFC 8058 §4 asks for both List-Unsubscribe headers."""
LEAST_BITS = 1024
"""Of an RSA key: RFC 8301 §3.2, which advises 2048."""
KEY = "DKIM_PRIVATE_KEY"
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*", re.ASCII)
"""RFC 6376 §3.1 and §3.5: a selector and a domain are dotted labels."""
_FIELD = re.compile(rb"([!-9;-~]+):((?:[^\r]|\r\n[ \t])*)\r\n")
_SPACES = re.compile(rb"(?:\r\n)?[ \t]+")


class DkimSigner:
    """Signatures of one domain's key, whose record in the DNS `selector` and `domain` name.

    Raises BadSetting for a key that cannot sign and for names that no DNS holds.
    """

    def __init__(self, *, domain: str, selector: str, private_key: str) -> None:
        for name, value in (("domain", domain), ("selector", selector)):
            if not _NAME.fullmatch(value):
                raise BadSetting(
                    f"the {name} is no name in the DNS: {value!r}" if value else f"there is no {name}",
                    where="newsletter.toml [provider.smtp.dkim]",
                    remedy="write domain and selector as in the record <selector>._domainkey.<domain>",
                )
        algorithm, self._sign = _signing(private_key)
        self._beginning = f"v=1; a={algorithm}; c=relaxed/simple; d={domain}; s={selector};"

    def signature(self, head: bytes, body: bytes, *, now: datetime) -> bytes:
        """The DKIM-Signature line with its CRLF, to stand before `head`.

        `head` is header lines, each with its CRLF; `body` is what stands after the empty line, and
        ends with one CRLF. From is named once more than it is there, so that no second can be added.
        """
        fields = {name.lower(): value for name, value in _FIELD.findall(head)}
        present = [name for name in SIGNED if name.lower() in fields]
        folded = b":".join([b"From", *present]).replace(b":List-Id:", b":\r\n\t List-Id:")
        unsigned = b"\r\n\t".join(
            [
                self._beginning.encode("ascii"),
                b"t=%d; bh=%s;" % (int(now.timestamp()), b64encode(sha256(body).digest())),
                b"h=%s;" % folded,
                b"b=",
            ]
        )
        covered = [_relaxed(name.lower(), fields[name.lower()]) for name in present]
        covered.append(_relaxed(b"dkim-signature", unsigned))
        signature = b64encode(self._sign(b"\r\n".join(covered)))
        lines = [signature[start : start + 72] for start in range(0, len(signature), 72)]
        return b"DKIM-Signature: " + unsigned + b"\r\n\t ".join(lines) + b"\r\n"


def _relaxed(name: bytes, value: bytes) -> bytes:
    """RFC 6376 §3.4.2, without the CRLF."""
    return name + b":" + _SPACES.sub(b" ", value).strip()


def _signing(pem: str) -> tuple[str, Callable[[bytes], bytes]]:
    """The algorithm's name and the function that signs. Raises BadSetting, which shows no key."""
    remedy = f"make one with: openssl genrsa -out dkim.pem 2048; and name the file in {KEY}_FILE"
    if not pem:
        raise BadSetting("a DKIM domain is set and there is no key", where=KEY, remedy=remedy)
    try:
        key = load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        locked = isinstance(error, TypeError)  # what cryptography says of a key that needs a password
        what = "is locked with a password" if locked else "is no private key in PEM form"
        raise BadSetting(what, where=KEY, remedy=remedy) from error
    if isinstance(key, Ed25519PrivateKey):
        return "ed25519-sha256", lambda octets: key.sign(sha256(octets).digest())
    if isinstance(key, RSAPrivateKey):
        if key.key_size < LEAST_BITS:
            raise BadSetting(
                f"is an RSA key of {key.key_size} bits, which mail servers ignore", where=KEY, remedy=remedy
            )
        return "rsa-sha256", lambda octets: key.sign(octets, PKCS1v15(), SHA256())
    raise BadSetting("is neither an RSA nor an Ed25519 key", where=KEY, remedy=remedy)
