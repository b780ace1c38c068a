#!/usr/bin/env python3
"""An independent reader of what devices send home, after firmware-shim/FORMAT.md chapters 3 and 4; it shares no code with the project.

    home.py encounter DEVICE BOX_KEY OWNER_KEY LIST MESSAGE...
    home.py status DEVICE BOX_KEY ENVELOPE

The keys are private keys, hexadecimal; messages are files. Checks the signature, the list's name and the seal, and prints what is
in it as JSON. Anything that the text does not allow ends it with one line on stderr and exit code 1. Needs PyPI's `cryptography`.
"""

import hashlib
import hmac
import json
import sys

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from postcard import Bad, Reader, need, signed

VERDICTS = ["clear", "not checked", "possible", "hit"]
OUTCOMES = ["confirmed", "not the person", "seized", "released", "passed on"]
LENGTHS = [160, 384, 1536, 8192]


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def text(value):
    return varint(len(value.encode())) + value.encode()


def made_of(box_key, purpose):
    return HKDF(SHA256(), 32, b"", purpose).derive(box_key)


def verify(box_key, kind, body, signature):
    key = Ed25519PrivateKey.from_private_bytes(made_of(box_key, b"vedette/v2/device-signing")).public_key()
    key.verify(signature, signed(kind, body))


def open_auth(owner, device_public, info, additional, sealed):
    """HPKE (RFC 9180), auth mode, X25519, HKDF-SHA256, AES-256-GCM, one message."""

    def extract(suite, salt, label, secret):
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + secret, "sha256")

    def expand(suite, key, label, about, length):
        return HKDFExpand(SHA256(), length, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + about).derive(key)

    encapsulated, ciphertext = sealed[:32], sealed[32:]
    shared = owner.exchange(X25519PublicKey.from_public_bytes(encapsulated))
    shared += owner.exchange(X25519PublicKey.from_public_bytes(device_public))
    kem, suite = b"KEM\0\x20", b"HPKE\0\x20\0\x01\0\x02"
    context = encapsulated + owner.public_key().public_bytes_raw() + device_public
    secret = expand(kem, extract(kem, b"", b"eae_prk", shared), b"shared_secret", context, 32)
    schedule = b"\x02" + extract(suite, b"", b"psk_id_hash", b"") + extract(suite, b"", b"info_hash", info)
    secret = extract(suite, secret, b"secret", b"")
    key, nonce = expand(suite, secret, b"key", schedule, 32), expand(suite, secret, b"base_nonce", schedule, 12)
    return AESGCM(key).decrypt(nonce, ciphertext, additional)


def encounter(fields):
    found = {"scan": fields.take(16).hex(), "post": fields.text(), "made_at": fields.number(), "edition": fields.number()}
    found |= {"alert": fields.text(), "verdict": VERDICTS[fields.number()], "score": fields.number()}
    names = "code issuing_state number surname given_names nationality birth_date sex expiry_date".split()
    found["document"] = {name: fields.text() for name in names}
    return found | {"late": fields.flag()}


def outcome(fields):
    found = {"encounter": fields.take(16).hex(), "at": fields.number(), "who": fields.text()}
    found |= {"outcome": OUTCOMES[fields.number()], "note": fields.text()}
    return found | {"form": [[fields.number(), fields.text()] for _ in range(fields.number())]}


def report(fields, device, box_key, owner_key, list_name):
    start = fields.at
    need(fields.take(1) == b"\x02", "the version")
    ident, route, sealed = fields.take(16), fields.take(8), fields.bytes()
    signature = fields.bytes()
    verify(box_key, b"encounter", text(device) + ident + route + hashlib.sha256(sealed).digest(), signature)
    tag = hmac.digest(made_of(box_key, b"vedette/v2/device-route"), ident + list_name.encode(), "sha256")
    need(tag[:8] == route, "the name of the list")
    device_public = X25519PrivateKey.from_private_bytes(box_key).public_key().public_bytes_raw()
    owner = X25519PrivateKey.from_private_bytes(owner_key)
    plain = open_auth(owner, device_public, b"vedette/v2/encounter", ident + text(list_name) + text(device), sealed)
    need(len(plain) in LENGTHS, "a report's length")
    inner = Reader(plain)
    kind = {1: encounter, 2: outcome}.get(inner.take(1)[0])
    need(kind, "a report's kind")
    found = {"id": ident.hex(), "is": kind.__name__} | kind(inner)
    need(not any(plain[inner.at :]) and (inner.at > max([0] + [n for n in LENGTHS if n < len(plain)])), "zeros, as few as do")
    return found | {"bytes": fields.at - start}


def status(data, device, box_key):
    fields = Reader(data)
    need(fields.number() == 2 and fields.number() == 10, "version and kind")
    body = fields.bytes()
    need(fields.number() == 1, "one signature")
    signing = made_of(box_key, b"vedette/v2/device-signing")
    public = Ed25519PrivateKey.from_private_bytes(signing).public_key().public_bytes_raw()
    need(fields.take(8) == hashlib.sha256(public).digest()[:8], "the key's id")
    verify(box_key, b"status", body, fields.bytes())
    fields.end()
    inner = Reader(body)
    need(inner.text() == device, "the device")
    box_public = X25519PrivateKey.from_private_bytes(box_key).public_key().public_bytes_raw()
    need(inner.take(8) == hashlib.sha256(box_public).digest()[:8], "the enrolment")
    found = {"number": inner.number(), "session": inner.number(), "online": inner.flag(), "at": inner.number()}
    found |= {"version": inner.text(), "certificate": inner.bytes().hex()}
    found |= {"heartbeat": inner.number(), "time_lost": inner.flag(), "root": inner.number()}
    found |= {"roster": inner.number(), "order": inner.number(), "journal": inner.number()}
    found |= {"journal_hash": inner.take(32).hex(), "store_fault": inner.text()}
    found |= {"spool": inner.number(), "refused": inner.number(), "lists": []}
    for _ in range(inner.number()):
        held = {"list": inner.text(), "edition": inner.number(), "manifest": inner.take(32).hex(), "age_s": inner.number()}
        found["lists"].append(held)
    found["overdue"] = [inner.take(16).hex() for _ in range(inner.number())]
    inner.end()
    return found


def main(what, device, box_key, *rest):
    box_key = bytes.fromhex(box_key)
    if what == "status":
        with open(rest[0], "rb") as file:
            return [status(file.read(), device, box_key)]
    owner_key, list_name, *files = rest
    found = []
    for name in files:
        with open(name, "rb") as file:
            fields = Reader(file.read())
        while fields.at < len(fields.data):
            found.append(report(fields, device, box_key, bytes.fromhex(owner_key), list_name))
    return found


if __name__ == "__main__":
    try:
        print(json.dumps(main(*sys.argv[1:])))
    except (Bad, InvalidSignature, InvalidTag, OSError, ValueError, IndexError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
