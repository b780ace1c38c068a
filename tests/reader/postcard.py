"""What the independent readers share: postcard's fields, one after the other, and what is signed of a statement."""

import hashlib


class Bad(Exception):
    """What the format does not allow."""


def need(condition, what):
    if not condition:
        raise Bad("not as the format says: " + what)


class Reader:
    """Fields of postcard; a number is a varint that is no longer than need be."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        need(self.at + count <= len(self.data), "it ends early")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                need(byte or shift == 7, "a varint longer than need be")
                return value

    def bytes(self):
        return self.take(self.number())

    def text(self):
        return self.bytes().decode()

    def flag(self):
        value = self.take(1)[0]
        need(value < 2, "a bool")
        return value == 1

    def end(self):
        need(self.at == len(self.data), "bytes left over")


def signed(kind, body):
    """The message that is signed of a statement's body."""
    return (b"vedette/v2/" + kind).ljust(32, b"\0") + hashlib.sha256(body).digest()
