#!/usr/bin/env python3
"""Measures imports and changes of single alerts on a large list of documents.

usage: changes_at_scale.py BINARIES [N]

BINARIES is the folder with a release build of `vedette-hq`; N documents, 10,000,000 by default, invented, in no order of their
numbers. Prints for each command wall time, processor time and the most memory that was resident (the system's figure for the
process), and the bytes that devices fetch.
"""
import os, re, subprocess, sys, tempfile, time

HEADER = "issuing_state,document_type,document_number,document_number_to,status,issue_date,expiry_date,theft_date,theft_state,review_date,national_ref,remark\n"
STATES = ["UTO", "DEU", "FRA", "NOR", "POL", "ITA", "ESP", "GBR", "USA", "TUR"]
STEP = 7_990_271  # shares no factor with 10^8, so numbers are all different


def row(i):
    state, number = STATES[i % 10], f"{chr(65 + i % 7)}{(i * STEP + 13) % 100_000_000:08d}"
    kind, status = ("P" if i % 4 else "I"), ("lost", "stolen", "revoked")[i % 3]
    theft = f"20{10 + i % 16:02d}-{1 + i % 12:02d}-{1 + i % 28:02d}"
    return f"{state},{kind},{number},,{status},,,{theft},{state if i % 2 else ''},,,\n", f"{state}-{kind}-{number}"


def main():
    binaries, n = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10_000_000
    with tempfile.TemporaryDirectory(prefix="changes-") as folder:
        path = os.path.join(folder, "list.csv")
        with open(path, "w") as file:
            file.write(HEADER)
            for first in range(0, n, 100_000):
                file.write("".join(row(i)[0] for i in range(first, min(n, first + 100_000))))
        one = os.path.join(folder, "one.csv")
        with open(one, "w") as file:
            file.write(HEADER + "UTO,P,Z99999999,,stolen,,,,,,,\n")

        def hq(*arguments):
            out = open(os.path.join(folder, "out"), "w+")
            started = time.monotonic()
            process = subprocess.Popen([os.path.join(binaries, "vedette-hq"), "--home", folder + "/hq", *arguments], stdout=out, stderr=out)
            _, status, used = os.wait4(process.pid, 0)
            wall = time.monotonic() - started
            out.seek(0)
            said = out.read().strip()
            if status:
                sys.exit(f"{' '.join(arguments)}: {said}")
            return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said

        hq("init")
        hq("list", "create", "uto/x", "--kind", "documents")
        print(f"{n:,} documents, {os.path.getsize(path) / 1e6:.0f} MB as CSV, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
        print("| command | wall s | processor s | resident MB | bytes to fetch |\n|---|---|---|---|---|")
        for what, *arguments in [
            ("import, first edition", "import", "uto/x", path),
            ("publish", "publish", "uto/x"),
            ("import of the same again", "import", "uto/x", path),
            ("publish: nothing new", "publish", "uto/x"),
            ("withdraw one", "withdraw", "uto/x", row(n // 2)[1]),
            ("put one", "put", "uto/x", one),
            ("withdraw it", "withdraw", "uto/x", "UTO-P-Z99999999"),
        ]:
            wall, cpu, resident, said = hq(*arguments)
            fetched = re.search(r"(\d+) bytes to fetch", said)
            print(f"| {what} | {wall:.2f} | {cpu:.2f} | {resident:.0f} | {fetched.group(1) if fetched else ''} |", flush=True)


main()
