#!/usr/bin/env python3
"""An independent reader of a scanner's line, after firmware-shim/FORMAT.md chapter 6; it shares no code with the project.

    session.py PINNED HOST      the files of firmware-shim/tests/vectors

Plays the scanner to a recorded host: takes its frames apart, answers the opening with the scanner's key and the recorded
random bytes, checks the enrolment in it, and opens every message. Prints the enrolment and each message's number as JSON.
Anything that the text does not allow ends it with one line on stderr and exit code 1. Needs PyPI's `cryptography`.
"""

import hashlib
import json
import struct
import sys
import zlib

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from postcard import Bad, Reader, need, signed

MESSAGES = ["who", "time", "offer", "piece", "key", "answer", "next", "taken"]


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def halves(key, chain):
    out = HKDF(SHA256(), 64, chain, b"").derive(key)
    return out[:32], out[32:]


def frames(line):
    for frame in filter(None, line.split(b"\0")):
        out, at = bytearray(), 0
        while at < len(frame):
            run = frame[at]
            out += frame[at + 1 : at + run]
            at += run
            if run < 255 and at < len(frame):
                out.append(0)
        need(at == len(frame) and len(out) > 4, "a frame")
        payload, crc = bytes(out[:-4]), struct.unpack("<I", out[-4:])[0]
        need(zlib.crc32(payload) == crc, "its checksum")
        yield payload


class Scanner:
    """The responder of Noise_IK_25519_AESGCM_SHA256."""

    def __init__(self, private, ephemeral):
        self.static, self.ephemeral = (X25519PrivateKey.from_private_bytes(key) for key in (private, ephemeral))
        self.public = self.static.public_key().public_bytes_raw()
        self.chain = b"Noise_IK_25519_AESGCM_SHA256".ljust(32, b"\0")
        self.hash = self.chain
        self.mix(b"vedette/v2/scanner")
        self.mix(self.public)

    def mix(self, data):
        self.hash = sha256(self.hash, data)

    def key(self, ours, theirs):
        self.chain, key = halves(ours.exchange(X25519PublicKey.from_public_bytes(theirs)), self.chain)
        return AESGCM(key)

    def open(self, cipher, sealed):
        text = cipher.decrypt(bytes(12), sealed, self.hash)
        self.mix(sealed)
        return text

    def opening(self, data):
        ephemeral = data[:32]
        self.mix(ephemeral)
        host = self.open(self.key(self.static, ephemeral), data[32:80])
        word = self.open(self.key(self.static, host), data[80:])
        self.mix(self.ephemeral.public_key().public_bytes_raw())
        self.key(self.ephemeral, ephemeral)
        self.mix(self.key(self.ephemeral, host).encrypt(bytes(12), b"", self.hash))
        self.from_host = AESGCM(halves(b"", self.chain)[0])
        return host, word

    def sealed(self, message):
        number = struct.unpack("<I", message[:4])[0]
        return number, self.from_host.decrypt(bytes(4) + struct.pack(">Q", number), message[4:], b"")


def enrolment(envelope, orders):
    read = Reader(envelope)
    need(read.take(1) == b"\2" and read.number() == 8, "an envelope of an enrolment")
    body = read.bytes()
    need(read.number() == 1 and read.take(8) == sha256(orders)[:8], "one signature of orders")
    Ed25519PublicKey.from_public_bytes(orders).verify(read.bytes(), signed(b"enrolment", body))
    read.end()
    read = Reader(body)
    keys = read.take(32), read.take(32)
    said = {"number": read.number(), "revoked": read.flag(), "expires": read.number()}
    said |= {"scanner": read.text(), "device": read.text(), "lists": [read.text() for _ in range(read.number())]}
    read.end()
    return keys, said


def main(pinned, host):
    _, _, orders, private, random = (pinned[at : at + 32] for at in range(0, 160, 32))
    scanner, last = Scanner(private, random), -1
    for payload in frames(host):
        need(payload[0] == 2, "the protocol")
        if payload[1] == 1:
            host_key, word = scanner.opening(payload[2:])
            keys, said = enrolment(word, orders)
            need(keys == (scanner.public, host_key), "the enrolment's keys")
            print(json.dumps(said))
        else:
            need(payload[1] == 2, "a sealed message")
            number, text = scanner.sealed(payload[2:])
            need(number > last and text[0] == 1, "a number above the last, and a version")
            last = number
            print(json.dumps({"message": number, "is": MESSAGES[text[1]]}))


if __name__ == "__main__":
    try:
        main(*(open(name, "rb").read() for name in sys.argv[1:3]))
    except (Bad, InvalidTag, InvalidSignature, IndexError, ValueError) as error:
        print(f"session.py: {error!r}", file=sys.stderr)
        sys.exit(1)
