#!/usr/bin/env python3
"""An independent verifier of headquarters' audit log, after agent/docs/formats.md, "The audit log"; it shares no code with the project.

    audit.py KEY FILE

KEY is the audit key's public half, hexadecimal; FILE what `vedette-hq audit export` wrote. Prints how many lines it has and the hash
of the last as JSON. The first line that the text does not allow ends it with one line on stderr and exit code 1. Needs PyPI's
`cryptography`.
"""

import hashlib
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256

PROOFS = ["hash", "signature", "operator_signature"]


class Bad(Exception):
    """What the text does not allow."""


def need(holds, what):
    if not holds:
        raise Bad(what)


def spelled(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def check_operator(line, digest, operators):
    name, signature = line["operator"], line.get("operator_signature")
    if name == "serve" or name.startswith("local:"):
        need(signature is None, "a signature, and no operator")
        return
    need(name in operators and signature is not None, "no operator in force")
    point = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), operators[name])
    point.verify(bytes.fromhex(signature), b"vedette audit operator 1\n" + digest, ECDSA(SHA256()))


def verify(key, lines):
    previous, segment, operators, number = "00" * 32, None, {}, 0
    for number, text in enumerate(lines, 1):
        need(text.endswith("\n"), f"line {number} is cut off")
        line = json.loads(text)
        need(spelled(line) == text[:-1], f"line {number} is spelled otherwise")
        body = {name: value for name, value in line.items() if name not in PROOFS}
        need(list(line)[: len(body)] == sorted(body), f"line {number} is in another order")
        digest = hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).digest()
        need(line["number"] == number and line["previous"] == previous, f"line {number} does not follow")
        need(line["hash"] == digest.hex(), f"line {number} has another hash")
        if number == 1:
            need(line["act"] == "log-begins" and line["details"]["key"] == key, "line 1 names another key")
            segment = line["segment"]
        is_restore = line["act"] == "restore"
        need(line["segment"] > segment if is_restore else line["segment"] == segment, f"line {number} is of another segment")
        try:
            signed = b"vedette audit line 1\n" + digest
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(line["signature"]), signed)
            check_operator(line, digest, operators)
        except InvalidSignature:
            raise Bad(f"line {number} is not signed") from None
        previous, segment = line["hash"], line["segment"]
        if line["state"] != "done":
            continue
        if line["act"] == "operator-add":
            operators[line["object"]] = bytes.fromhex(line["details"]["key"])
        if line["act"] == "operator-remove":
            operators.pop(line["object"], None)
        if line["act"] == "replace-key" and line["object"] == "audit":
            key = line["details"]["key"]
    return {"lines": number, "head": previous}


def main():
    key, path = sys.argv[1:]
    try:
        with open(path, encoding="utf-8", newline="\n") as lines:
            print(json.dumps(verify(key, lines)))
    except (Bad, ValueError, KeyError) as error:
        sys.exit(f"{path}: {error!r}")


if __name__ == "__main__":
    main()
