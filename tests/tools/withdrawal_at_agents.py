#!/usr/bin/env python3
"""Measures how soon one withdrawal is in effect at many agents: a real headquarters, a real Mosquitto, real agents.

    cargo build --release -p vedette -p vedette-hq --bins
    tests/tools/withdrawal_at_agents.py target/release [--documents N] [--agents N] [--rounds N] [--folder DIR]

A list of N invented documents (10,000,000 by default) is imported, published, and brought to each agent (40 by default) from
one bundle; then all connect to the broker. In each round `vedette-hq withdraw` withdraws one document, and every agent is
asked for its edition until it uses the new one. Times are from the start of the command; an agent's is when it said so, which
is up to a round of asking late. In the end each agent must answer Clear for the documents withdrawn, and a hit for another.
Segments never change, so the agents share one copy of the first edition's by hard links: 40 would not fit on every disk. Needs
about 20 bytes a document, and 60 while importing. Exit 0 only if all of that held.
"""
import argparse, http.client, os, re, shutil, subprocess, sys, tempfile, time
from pathlib import Path

import post
from post import check_digit

LIST, HEADER = "uto/x", "issuing_state,document_type,document_number,status,theft_date\n"
STEP = 7_990_271  # shares no factor with 10^8, so numbers are all different

parser = argparse.ArgumentParser()
parser.add_argument("bin", type=Path)
parser.add_argument("--documents", type=int, default=10_000_000)
parser.add_argument("--agents", type=int, default=40)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--folder", type=Path, help="where to make the temporary folder")
options = parser.parse_args()


def number(i):
    return f"{chr(65 + i % 7)}{(i * STEP + 13) % 100_000_000:08d}"


def zone(number):
    fields = [text + check_digit(text) for text in (f"{number:<<9}", "740812", "341231", "<" * 14)]
    return f"{'P<UTOERIKSSON<<ANNA':<<44}\n{fields[0]}UTO{fields[1]}F{fields[2]}{fields[3]}{check_digit(''.join(fields))}"


class Agent:
    def __init__(self, folder):
        self.folder = folder
        self.log = open(folder / "agent.log", "w")
        self.process = subprocess.Popen([options.bin / "vedette", "--config", folder / "agent.toml", "run"], stdout=self.log, stderr=self.log)

    def ask(self, method, call, body=None):
        return post.ask(self.folder / "vedette.sock", method, call, body)

    def status(self):
        try:
            return self.ask("GET", "/v1/status")
        except (OSError, ValueError, http.client.HTTPException):
            return {"online": False, "lists": []}

    def edition(self):
        return max((held["edition"] for held in self.status()["lists"]), default=0)

    def verdict(self, number):
        return self.ask("POST", "/v1/scans", {"mrz": zone(number), "who": "12", "why": "measuring"})["verdict"]


def wait(what, agents, holds, seconds=300):
    """When each agent did; asks again those that did not yet."""
    left, at, end = list(agents), [], time.monotonic() + seconds
    while left:
        waiting = []
        for agent in left:
            if holds(agent):
                at.append(time.monotonic())
            else:
                waiting.append(agent)
        left = waiting
        if time.monotonic() > end:
            sys.exit(f"{what}: {len(left)} agents did not within {seconds} s; see {left[0].folder}/agent.log:\n" + (left[0].folder / "agent.log").read_text()[-2000:])
        if left:
            time.sleep(0.005)
    return at


def run(program, *arguments):
    return post.run(options.bin, program, *arguments)


def broker(folder, home, port):
    config = post.broker_config(folder, home, port)
    log = open(folder / "mosquitto.log", "w")
    return subprocess.Popen([post.mosquitto(), "-c", config], cwd=folder, stdout=log, stderr=log)


def prepare(folder, port):
    """Headquarters with the list published, and each device with it; returns the devices' folders."""
    hq = "--home", folder / "hq"
    run("vedette-hq", *hq, "init", "--broker-port", port)
    run("vedette-hq", *hq, "list", "create", LIST, "--kind", "documents")
    devices = [folder / f"post-{n}" for n in range(options.agents)]
    for device in devices:
        run("vedette-hq", *hq, "enrol", device.name, "--out", device)
        toml = device / "agent.toml"
        toml.write_text(re.sub(r'(?m)^listen = ".*"', 'listen = ""', toml.read_text()))
    rows, bundle = folder / "list.csv", folder / "bundle"
    with rows.open("w") as out:
        out.write(HEADER)
        for first in range(0, options.documents, 100_000):
            out.write("".join(f"UTO,P,{number(i)},stolen,20{10 + i % 16:02d}-{1 + i % 12:02d}-{1 + i % 28:02d}\n" for i in range(first, min(options.documents, first + 100_000))))
    started = time.monotonic()
    run("vedette-hq", *hq, "import", LIST, rows)
    print(f"{options.documents:,} documents imported in {time.monotonic() - started:.1f} s, {options.agents} agents, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}", flush=True)
    rows.unlink()
    run("vedette-hq", *hq, "publish", LIST, "--bundle", bundle)
    for device in devices:
        run("vedette", "--config", device / "agent.toml", "import", bundle)
        for own in (device / "state" / "segments").iterdir():
            first = devices[0] / own.relative_to(device)
            if own != first and first.exists() and first.stat().st_size == own.stat().st_size:
                own.unlink()
                os.link(first, own)
    shutil.rmtree(bundle)
    return devices


def main():
    with tempfile.TemporaryDirectory(prefix="withdrawal-", dir=options.folder) as folder:
        folder, processes = Path(folder), []
        try:
            port = post.free_port()
            devices = prepare(folder, port)
            processes.append(broker(folder / "broker", folder / "hq", port))
            served = open(folder / "serve.log", "w")
            processes.append(subprocess.Popen([options.bin / "vedette-hq", "--home", folder / "hq", "serve"], stdout=served, stderr=served))
            agents = [Agent(device) for device in devices]
            processes += [agent.process for agent in agents]
            wait("be online with edition 1", agents, lambda agent: agent.status()["online"] and agent.edition() == 1)
            gone = [number(options.documents // 2 + n) for n in range(options.rounds)]
            before = {agent.verdict(number) for agent in agents[:1] for number in gone}
            print("| round | command s | first agent s | median s | last agent s | load |\n|---|---|---|---|---|---|")
            for n, one in enumerate(gone):
                started = time.monotonic()
                run("vedette-hq", "--home", folder / "hq", "withdraw", LIST, f"UTO-P-{one}")
                command = time.monotonic() - started
                at = sorted(t - started for t in wait(f"use edition {n + 2}", agents, lambda agent: agent.edition() >= n + 2))
                print(f"| {n + 1} | {command:.2f} | {at[0]:.2f} | {at[len(at) // 2]:.2f} | {at[-1]:.2f} | {os.getloadavg()[0]:.1f} |", flush=True)
            after = {agent.verdict(one) for agent in agents for one in gone}
            others = {agent.verdict(number(1)) for agent in agents}
            if (before, after, others) != ({"hit"}, {"clear"}, {"hit"}):
                sys.exit(f"wrong answers: {before} before, {after} after, {others} of another")
        finally:
            for process in reversed(processes):
                process.kill()
                process.wait()


main()
