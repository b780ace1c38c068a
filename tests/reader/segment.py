#!/usr/bin/env python3
"""An independent reader of segments, after firmware-shim/FORMAT.md; it shares no code with the project.

    segment.py FILE KEY      KEY: the list's key, 64 hexadecimal digits

Opens every page, checks that the salt is the one its plaintext must have, and prints each change as a line of JSON:
documents in the order of their keys, then ranges or persons. Anything that the text does not allow ends it with one
line on stderr and exit code 1. Needs PyPI's `cryptography`.
"""

import datetime
import hashlib
import json
import struct
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from postcard import Bad, need

PAGE, TAG, FOOTER, ROOT = 1024, 16, 48, 92
PARTS = ["entries", "loose", "records", "extras", "classes", "directory"]
STATUS = ["stolen_blank", "lost", "stolen", "revoked", "valid_bearer_sought"]
FIELDS = ["status", "issue_date", "expiry_date", "theft_date", "review_date", "theft_state"]
DIGITS, LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def hkdf(key, salt, info):
    return HKDF(SHA256(), 32, salt, info).derive(key)


def varint(data, at):
    value = shift = 0
    while True:
        need(at < len(data) and shift < 35, "varint")
        byte = data[at]
        value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return value, at


def bits(data, at, width):
    """`width` bits from bit `at` on; bits fill bytes from the lowest."""
    need(at + width <= 8 * len(data), "bits beyond the end")
    whole = int.from_bytes(data[at // 8 : (at + width + 7) // 8], "little")
    return whole >> at % 8 & (1 << width) - 1


class Segment:
    """A file, opened whole and checked against its salt."""

    def __init__(self, data, list_key):
        need(len(data) >= FOOTER + ROOT + TAG, "the file is too short")
        footer = data[-FOOTER:]
        need(footer[:6] == b"VEDSEG" and footer[6] == 1 and footer[7] < 2, "footer")
        need(footer[40:] == struct.pack("<H", ROOT + TAG) + bytes(6), "footer")
        self.kind, salt = footer[7], footer[8:40]
        self.data, self.aead = data, AESGCM(hkdf(list_key, salt, b"vedette/v1/segment-key"))
        root_at = len(data) - FOOTER - ROOT - TAG
        root = self.open(root_at, ROOT + TAG, 2**64 - 1)
        need(root[0] == 1 and root[1] == self.kind and root[2] < 4 and root[3] == 0, "root")
        self.withdrawals, self.extras = bool(root[2] & 1), bool(root[2] & 2)
        self.counts = list(struct.unpack_from("<QQ", root, 4))
        self.fields = [struct.unpack_from("<BBI", root, 56 + 6 * i) for i in range(6)]
        self.pages, number, offset, digests = {}, 0, 0, []
        for i, part in enumerate(PARTS):
            count, last = struct.unpack_from("<IH", root, 20 + 6 * i)
            need((count == 0) == (last == 0) and (last == 0 or TAG < last <= PAGE), "extent of " + part)
            pages = []
            for page in range(count):
                length = PAGE if page + 1 < count else last
                pages.append(self.open(offset, length, number))
                offset, number = offset + length, number + 1
            self.pages[part] = pages
            digests.append(hashlib.sha256(b"".join(pages)).digest())
        need(offset == root_at, "the parts do not end where the root begins")
        whole = hashlib.sha256(b"vedette/v1/segment-plaintext" + b"".join(digests) + root).digest()
        need(hkdf(list_key, whole, b"vedette/v1/segment-salt") == salt, "the salt is not this plaintext's")

    def open(self, offset, length, number):
        need(offset + length <= len(self.data), "a page beyond the end")
        try:
            return self.aead.decrypt(struct.pack("<QI", number, 0), self.data[offset : offset + length], None)
        except InvalidTag:
            raise Bad(f"page {number} does not open: damaged, forged, or another list's key") from None

    def records(self, part):
        """(key, value or None) of a part in records pages."""
        out, begun = [], None
        for page in self.pages[part]:
            at, count = struct.unpack_from("<HH", page)
            need(4 <= at <= len(page), "first record")
            if begun is not None:
                key, value, length = begun
                value += page[4:at]
                need(len(value) == length if count else len(value) <= length, "a value's length")
                begun = (key, value, length)
                if len(value) == length:
                    out.append((key, value))
                    begun = None
            key = b""
            for left in range(count, 0, -1):
                shared, further = page[at], page[at + 1]
                coded, at = varint(page, at + 2)
                need(shared <= len(key), "shared bytes of a key")
                key, at = key[:shared] + page[at : at + further], at + further
                value, at = page[at : at + max(coded - 1, 0)], at + max(coded - 1, 0)
                if coded == 0:
                    out.append((key, None))
                elif at <= len(page):
                    out.append((key, value))
                else:
                    need(left == 1, "a value that goes on, before the last record of a page")
                    begun = (key, value, coded - 1)
        need(begun is None, "a value without an end")
        need(all(a[0] < b[0] for a, b in zip(out, out[1:])), "order of records")
        return out

    def classes(self):
        """(key of the format, alphabets, first and last page) by index."""
        classes = []
        for index, (key, value) in enumerate(self.records("classes")):
            need(value is not None and struct.unpack_from("<H", value)[0] == index, "class index")
            first, at = varint(value, 2)
            further, at = varint(value, at)
            alphabets = []
            while at < len(value):
                what, run, at = value[at] >> 5, (value[at] & 31) + 1, at + 1
                if what == 0:
                    alphabet = DIGITS
                elif what == 1:
                    alphabet = LETTERS
                elif what == 2:
                    mask, at = struct.unpack_from("<H", value, at)[0], at + 2
                    alphabet = "".join(c for i, c in enumerate(DIGITS) if mask >> i & 1)
                elif what == 3:
                    mask, at = struct.unpack_from("<I", value, at)[0], at + 4
                    alphabet = "".join(c for i, c in enumerate(LETTERS) if mask >> i & 1)
                else:
                    need(what == 4, "alphabet")
                    alphabet, at = chr(value[at]), at + 1
                alphabets += [alphabet] * run
            need(len(alphabets) == key[3], "alphabets of a class")
            classes.append((key, alphabets, first, first + further))
        return classes

    def entries(self):
        """(sorted form of the key, fields or None) of the documents of classes."""
        classes, extras = self.classes(), [extras_of(page) for page in self.pages["extras"]]
        places = [page[at : at + 7] for page in self.pages["directory"] for at in range(0, len(page) - 6, 7)]
        need(len(places) >= len(self.pages["entries"]), "directory")
        width = sum(field[1] for field in self.fields) + self.extras
        out = []
        for number, page in enumerate(self.pages["entries"]):
            at, extra = 1, None
            if self.extras:
                extra, at = list(struct.unpack_from("<IH", page, 1)), 7
            heads = [page[at + 7 * i : at + 7 * (i + 1)] for i in range(page[0])]
            at += 7 * len(heads)
            need(heads, "runs of a page")
            bases = [places[number]] + [page[at + 7 * i : at + 7 * (i + 1)] for i in range(len(heads) - 1)]
            at += 7 * (len(heads) - 1)
            for head, base in zip(heads, bases):
                index, n, serials, upper_bytes = struct.unpack_from("<HHBH", head)
                low_bits, upper_bytes = upper_bytes >> 10, upper_bytes & 1023
                base = int.from_bytes(base, "little")
                form, alphabets, first, last = classes[index]
                need(first <= number <= last, "a class outside of its pages")
                alert = [True] * n
                if self.withdrawals:
                    alert = [bits(page, 8 * at + i, 1) == 1 for i in range(n)]
                    at += (n + 7) // 8
                series = dict(struct.unpack_from("<HB", page, at + 3 * i) for i in range(serials))
                need(len(series) == serials and list(series) == sorted(series), "order of series")
                at += 3 * serials
                starts = n - sum(series.values())
                need(all(start < starts for start in series), "a series without a start")
                low = [bits(page, 8 * at + i * low_bits, low_bits) for i in range(starts)]
                at += (starts * low_bits + 7) // 8
                record, at = 8 * at, at + (sum(alert) * width + 7) // 8
                upper = [i for i in range(8 * upper_bytes) if bits(page, 8 * at + i, 1)]
                need(len(upper) == starts, "upper bits")
                at += upper_bytes
                ranks = []
                for i in range(starts):
                    rank = base + ((upper[i] - i) << low_bits | low[i])
                    ranks += range(rank, rank + series.get(i, 0) + 1)
                need(all(a < b for a, b in zip(ranks, ranks[1:])), "order of ranks")
                for i, rank in enumerate(ranks):
                    fields = {} if alert[i] else None
                    if alert[i]:
                        for name, (how, field_bits, least) in zip(FIELDS, self.fields):
                            coded, record = bits(page, record, field_bits), record + field_bits
                            if how & 1 and not (how & 2 and coded == 0):
                                fields[name] = least + coded - (how >> 1)
                        if self.extras:
                            has, record = bits(page, record, 1), record + 1
                            if has:
                                while extra[1] >= len(extras[extra[0]]):
                                    extra = [extra[0] + 1, extra[1] - len(extras[extra[0]])]
                                fields |= extras[extra[0]][extra[1]]
                                extra[1] += 1
                    out.append((form + spell(rank, alphabets), fields))
        return out

    def changes(self):
        """Each change as a dictionary."""
        seen = [0, 0]
        if self.kind == 0:
            documents = self.entries()
            documents += [(key, value and with_status(value)) for key, value in self.records("loose")]
            documents.sort(key=lambda document: document[0])
            need(len({key for key, _ in documents}) == len(documents), "a document twice")
            for key, fields in documents:
                seen[fields is None] += 1
                yield {**document(key), **shown(fields)}
            reach = {}
            for key, value in self.records("records"):
                length = key[3]
                form, last = key[: len(key) - 2 * length], key[len(key) - length :]
                need(key[len(form) :][:length] <= last, "a range's order")
                seen[value is None] += 1
                fields = None
                if value is not None:
                    need(value[:length] == reach.get(form, bytes(length)), "reach of the ranges before")
                    reach[form] = max(reach.get(form, b""), last)
                    fields = with_status(value[length:])
                yield {**document(key[:-length]), "to": last.decode(), **shown(fields)}
        else:
            for key, value in self.records("records"):
                seen[value is None] += 1
                yield {"key": key.decode(), "value": value.hex()} if value is not None else {
                    "key": key.decode(), "withdrawn": True}
        need(seen == self.counts, "counts of alerts and withdrawals")


def extras_of(page):
    extras, at = [], 2
    for _ in range(struct.unpack_from("<H", page)[0]):
        length = struct.unpack_from("<H", page, at)[0]
        extras.append(loose(page[at + 2 : at + 2 + length]))
        at += 2 + length
    return extras


def spell(rank, alphabets):
    chars = []
    for alphabet in reversed(alphabets):
        rank, index = divmod(rank, len(alphabet))
        chars.append(alphabet[index])
    need(rank == 0, "a rank beyond its universe")
    return "".join(reversed(chars)).encode()


def loose(data):
    need(data and data[0] & 1 == 0, "mask")
    fields, at = {}, 1
    for i in range(1, 6):
        if data[0] >> i & 1:
            fields[FIELDS[i]], at = int.from_bytes(data[at : at + 3], "little"), at + 3
    for i, name in ((6, "national_ref"), (7, "remark")):
        if data[0] >> i & 1:
            end = at + 1 + data[at]
            fields[name], at = data[at + 1 : end].decode(), end
    need(at == len(data), "fields")
    return fields


def with_status(data):
    return {"status": data[0], **loose(data[1:])}


def state(code):
    return "".join(chr(64 + digit) for digit in (code // 729, code // 27 % 27, code % 27) if digit)


def document(key):
    length = key[3]
    pattern, number = key[4 : 4 + (length + 7) // 8], key[4 + (length + 7) // 8 :].decode()
    need(len(number) == length, "length of a key")
    letters = "".join("1" if c in LETTERS else "0" for c in number).ljust(8 * len(pattern), "0")
    need(int(letters, 2) == int.from_bytes(pattern, "big"), "pattern of a key")
    return {"state": state(int.from_bytes(key[:2], "big")), "type": chr(key[2]), "number": number}


def shown(fields):
    if fields is None:
        return {"withdrawn": True}
    out = dict(fields, status=STATUS[fields["status"]])
    for name in FIELDS[1:5]:
        if name in fields:
            out[name] = (datetime.date(1900, 1, 1) + datetime.timedelta(fields[name])).isoformat()
    if "theft_state" in fields:
        out["theft_state"] = state(fields["theft_state"])
    return out


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        with open(sys.argv[1], "rb") as file:
            segment = Segment(file.read(), bytes.fromhex(sys.argv[2]))
        for change in segment.changes():
            print(json.dumps(change, sort_keys=True))
    except (Bad, OSError, ValueError, IndexError, struct.error) as error:
        sys.exit(f"{sys.argv[1]}: {error}")


if __name__ == "__main__":
    main()
