#!/usr/bin/env python3
"""How far `vedette mrz --json` agrees with a file of samples, format by format.

    mrz_compare.py SAMPLES.jsonl COMMAND [ARGUMENT ...]

Every line of SAMPLES.jsonl is an object with `lines`, `format`, `valid`, `fields` and, for ICAO formats,
`check_digits`. COMMAND is a `vedette` binary; `mrz --json` is used if no arguments are given. What is compared:
the format, the verdict, each check digit, and the fields, all of them and no others. Exits 1 if anything differs.
"""

import collections
import json
import subprocess
import sys

KEYS = ("format", "valid", "check_digits", "fields")


def differences(want, got):
    """(what, expected, given) for everything on which a sample and its reading differ."""
    for key in KEYS:
        expected, given = want.get(key), got.get(key)
        if expected == given:
            continue
        if isinstance(expected, dict) and isinstance(given, dict):
            for name in sorted(expected.keys() | given.keys()):
                absent = "(absent)"
                if expected.get(name, absent) != given.get(name, absent):
                    yield f"{key}.{name}", expected.get(name, absent), given.get(name, absent)
        else:
            yield key, expected, given


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    samples_path, command, arguments = sys.argv[1], sys.argv[2], sys.argv[3:] or ["mrz", "--json"]
    with open(samples_path, encoding="utf-8") as file:
        samples = [json.loads(line) for line in file if line.strip()]
    text = "\n\n".join("\n".join(sample["lines"]) for sample in samples) + "\n"
    run = subprocess.run([command, *arguments], input=text, capture_output=True, text=True, check=False)
    readings = [json.loads(line) for line in run.stdout.splitlines()]
    if len(readings) != len(samples):
        sys.exit(f"{len(samples)} samples went in, {len(readings)} objects came out: {run.stderr.strip()}")

    total, agree = collections.Counter(), collections.Counter()
    for number, (want, got) in enumerate(zip(samples, readings), 1):
        found = list(differences(want, got))
        total[want["format"]] += 1
        agree[want["format"]] += not found
        for what, expected, given in found:
            print(f"sample {number} ({want['format']}): {what}: expected {expected!r}, given {given!r}")
    for name in sorted(total):
        print(f"{name:<24}{agree[name]:>5} of {total[name]}")
    print(f"{'all':<24}{agree.total():>5} of {total.total()}")
    sys.exit(agree.total() != total.total())


if __name__ == "__main__":
    main()
