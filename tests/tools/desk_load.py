#!/usr/bin/env python3
"""The desk under load: a real headquarters, a real agent, calls over HTTP on loopback. Standard library only.

    cargo build --release -p vedette -p vedette-hq --bins
    tests/tools/desk_load.py target/release [--documents N] [--persons N] [--minutes M] [--rate SCANS_A_MINUTE]

1. "closed loop": one scan after the other, for half a minute quiet and half a minute while signed deltas of both lists
   install one after the other.
2. "paced": RATE scans a minute for M minutes, a delta installing every minute; then every scan must have its answer,
   every answer its check in the journal, and every hit its encounter in the spool.
Prints Markdown. Exit 0 only if nothing was lost. The link is off, so that the spool keeps every encounter to be counted.
"""
import argparse, http.client, json, os, random, subprocess, sys, tempfile, time
from pathlib import Path

import post
from post import check_digit

parser = argparse.ArgumentParser()
parser.add_argument("bin", type=Path)
parser.add_argument("--documents", type=int, default=1_000_000)
parser.add_argument("--persons", type=int, default=100_000)
parser.add_argument("--minutes", type=float, default=10)
parser.add_argument("--rate", type=int, default=1000)
parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
options = parser.parse_args()
chance = random.Random(options.seed)

SYLLABLES = "ba be bo da de di do fa ga go ha he ka ke ki ko la le li lo ma me mi mo na ne ni no pa ra re ri ro sa se si so ta te ti to va ve vi wa ya yo za".split()
DOCUMENTS, PERSONS = "uto/stolen", "uto/sought"
CLOSED_DELTAS = 16    # installed in the closed loop


def word():
    return "".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))).upper()


def number(n):
    return f"X{n:08}"


def zone(number, surname, given, born):
    name = f"{surname}<<{given.replace(' ', '<')}"
    first = f"P<UTO{name:<<39}"[:44]
    number, rest = f"{number:<<9}", "<" * 14
    expires = "341231"
    fields = number + check_digit(number), born + check_digit(born), expires + check_digit(expires), rest + check_digit(rest)
    whole = check_digit("".join(fields))
    return f"{first}\n{fields[0]}UTO{fields[1]}F{fields[2]}{fields[3]}{whole}"


def run(program, *arguments):
    return post.run(options.bin, program, *arguments)


def publish(folder, deltas):
    """Edition 1 of both lists, and `deltas` small ones after it; returns a bundle for each."""
    hq = "--home", folder / "hq"
    run("vedette-hq", *hq, "init")
    run("vedette-hq", *hq, "list", "create", DOCUMENTS, "--kind", "documents")
    run("vedette-hq", *hq, "list", "create", PERSONS, "--kind", "persons")
    run("vedette-hq", *hq, "enrol", "post-7", "--out", folder / "post-7")
    rows = folder / "rows.csv"
    persons = folder / "persons.jsonl"
    with rows.open("w") as out:
        out.write("issuing_state,document_type,document_number,status\n")
        for n in range(options.documents):
            out.write(f"UTO,P,{number(n)},stolen\n")
    with persons.open("w") as out:
        for n in range(options.persons):
            out.write(person(n))
    bundles = []
    for edition in range(deltas + 1):
        if edition:
            with rows.open("a") as out:
                for n in range(1000):
                    out.write(f"UTO,P,{number(50_000_000 + edition * 1000 + n)},stolen\n")
            with persons.open("a") as out:
                for n in range(100):
                    out.write(person(50_000_000 + edition * 1000 + n))
        bundles.append(folder / f"bundle-{edition}")
        run("vedette-hq", *hq, "import", DOCUMENTS, rows)
        run("vedette-hq", *hq, "import", PERSONS, persons)
        run("vedette-hq", *hq, "publish", DOCUMENTS, "--bundle", bundles[-1])
        run("vedette-hq", *hq, "publish", PERSONS, "--bundle", bundles[-1])
    return bundles


def person(n):
    born = f"19{chance.randrange(40, 99)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"
    names = [{"surname": word(), "given": f"{word()} {word()}", "kind": "primary"}]
    return json.dumps({"id": f"p-{n}", "names": names, "birth_dates": [born], "nationalities": ["UTO"],
                       "kind": "red", "action": "arrest"}) + "\n"


class Client:
    """One connection that stays open, as a border system keeps it."""

    def __init__(self, address, token):
        self.connection = http.client.HTTPConnection(address, timeout=30)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.took, self.hits, self.answers, self.failed = [], 0, 0, []

    def get(self, path):
        self.connection.request("GET", path, headers=self.headers)
        return self.connection.getresponse().read()

    def scan(self, hit):
        n = chance.randrange(options.documents) if hit else 90_000_000 + chance.randrange(9_000_000)
        born = f"{chance.randrange(40, 99)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"
        body = json.dumps({"mrz": zone(number(n), word(), word(), born), "who": "12", "why": "entry"})
        start = time.perf_counter()
        self.connection.request("POST", "/v1/scans", body, self.headers)
        reply = self.connection.getresponse()
        text = reply.read()
        self.took.append(time.perf_counter() - start)
        if reply.status != 200:
            self.failed.append(f"{reply.status} {text[:200]}")
            return
        answer = json.loads(text)
        self.answers += 1
        self.hits += len(answer["alerts"])
        if hit and answer["verdict"] != "hit":
            self.failed.append(f"a listed document came out {answer['verdict']}")


def row(name, took):
    took = sorted(took)
    at = lambda part: took[min(len(took) - 1, int(len(took) * part))] * 1000
    print(f"| {name} | {len(took)} | {at(.5):.2f} | {at(.99):.2f} | {at(.999):.2f} | {took[-1] * 1000:.2f} |", flush=True)


def installing(config, bundles, every=0):
    """Imports bundle after bundle, the first after `every` seconds. A shell's work: a thread here would put scans off."""
    script = 'config=$1 every=$2; shift 2; for bundle; do sleep $every; "$0" import --config "$config" "$bundle" || exit 1; done'
    command = ["sh", "-c", script, options.bin / "vedette", config, every, *bundles]
    return subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)


def main():
    deltas = CLOSED_DELTAS + int(options.minutes) + 1
    with tempfile.TemporaryDirectory(prefix="vedette-load-") as folder:
        folder = Path(folder)
        bundles = publish(folder, deltas)
        config = folder / "post-7/agent.toml"
        text = config.read_text().replace("127.0.0.1:8470", "127.0.0.1:0").replace("[link]\n", "[link]\nenabled = false\n")
        config.write_text(text + "\n[limits]\nrequests_per_s_max = 100000\nspool_bytes_max = 1073741824\n")
        agent = subprocess.Popen([options.bin / "vedette", "run", "--config", config], stderr=(folder / "log").open("w"))
        try:
            measure(config, bundles, agent.pid)
        finally:
            agent.terminate()
            agent.wait()


def measure(config, bundles, pid):
    for _ in range(200):
        time.sleep(0.1)
        shown = subprocess.run([options.bin / "vedette", "status", "--json", "--config", config], capture_output=True)
        if shown.returncode == 0 and json.loads(shown.stdout)["listen"]:
            break
    if installing(config, bundles[:1]).wait():
        sys.exit("the first edition cannot be imported")
    token = run("vedette", "token", "new", "load", "--config", config).strip()
    client = Client(json.loads(shown.stdout)["listen"], token)
    lists = {held["list"]: held["entries"] for held in json.loads(client.get("/v1/lists"))}
    print(f"{lists}, seed {options.seed}, agent's resident memory {resident(pid)} MB\n")
    print("| scans over HTTP | n | p50 ms | p99 ms | p99.9 ms | max ms |\n|---|---|---|---|---|---|")

    def loop(seconds):
        client.took = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            client.scan(chance.random() < 0.01)
        return client.took

    row("closed loop, quiet", loop(30))
    installs = installing(config, bundles[1 : CLOSED_DELTAS + 1])
    took = []
    while installs.poll() is None:
        took += loop(0.5)
    row("closed loop, a delta of each list installing at every moment", took)

    due, client.took = time.monotonic(), []
    more = installing(config, bundles[CLOSED_DELTAS + 1 :], 60)
    for n in range(int(options.rate * options.minutes)):
        due += 60 / options.rate
        time.sleep(max(0, due - time.monotonic()))
        client.scan(n % 100 == 0)
    more.terminate()
    more.wait()
    row(f"{options.rate} a minute for {options.minutes:g} minutes, a delta of each list every minute", client.took)

    spooled = json.loads(client.get("/v1/status"))["spool"]
    editions = min(held["edition"] for held in json.loads(client.get("/v1/lists")))
    run("vedette", "journal", "verify", "--config", config)
    shown = run("vedette", "journal", "show", "--json", "--config", config).splitlines()
    lines = sum('"event":"check"' in line for line in shown)
    print(f"\n{client.answers} answers, {lines} checks in the journal, {client.hits} alerts, {spooled} encounters in the spool, "
          f"{editions - 1} deltas of each list installed, {len(client.failed)} failed; "
          f"resident memory {resident(pid)} MB")
    lost = installs.returncode or client.failed or lines != client.answers or spooled != client.hits
    if lost:
        print("LOST:", client.failed[:5])
    sys.exit(1 if lost else 0)


def resident(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) // 1024


main()
