#!/usr/bin/env python3
"""What an outage costs: Mosquitto's own bridge and a Vedette agent on the same schedule. Standard library, Debian's Mosquitto.

    apt-get install mosquitto mosquitto-clients
    cargo build --release -p vedette -p vedette-hq --bins
    tests/tools/bridge_outage.py target/release [--before N] [--during N]

Each edge sends N messages to headquarters (1,000), then its line is cut, N more come (5,000), the edge is killed and started
again or left alone, and the line is repaired. A message of Vedette is a hit that an officer was shown; one of the bridge has as many
bytes and is published with QoS 1 to a Mosquitto at the edge, whose bridge is `cleansession false`, QoS 1, restart_timeout as by
default. Its line is not encrypted, Vedette's is; its central queue is unlimited, so that only the bridge is tried. Prints Markdown: lost
is what was acknowledged at the edge and did not arrive within a minute of the last that did, doubled what arrived twice.
Exit 0 only if Vedette lost and doubled nothing.
"""
import argparse, collections, http.client, os, re, select, socket, sqlite3, subprocess, sys, tempfile, threading, time
from pathlib import Path

import post
from post import free_port

MOSQUITTO = post.mosquitto()
LIST, NUMBER = "uto/stolen", "L898902C3"
ZONE = f"P<UTOERIKSSON<<ANNA<MARIA{'<' * 19}\nL898902C36UTO7408122F1204159{'<' * 14}<<"
BYTES = 300      # of a bridged message: a sealed encounter's on the wire are 341 with TLS and receipt
QUIET_S = 60     # nothing arrived for so long: the rest is lost

parser = argparse.ArgumentParser()
parser.add_argument("bin", type=lambda path: Path(path).resolve())
parser.add_argument("--before", type=int, default=1_000)
parser.add_argument("--during", type=int, default=5_000)
options = parser.parse_args()


class Line:
    """TCP between an edge and `port`, which can be cut."""

    def __init__(self, port):
        self.to, self.is_cut, self.open = port, False, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            edge, _ = self.listener.accept()
            if self.is_cut:
                edge.close()
                continue
            home = socket.create_connection(("127.0.0.1", self.to))
            self.open += [edge, home]
            threading.Thread(target=self.carry, args=(edge, home), daemon=True).start()

    def carry(self, edge, home):
        try:
            while True:
                for ready in select.select([edge, home], [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    (home if ready is edge else edge).sendall(data)
        except (OSError, ValueError):
            pass
        finally:
            edge.close()
            home.close()

    def cut(self):
        self.is_cut = True
        for end in self.open:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.open.clear()


class Process:
    def __init__(self, *command, cwd):
        self.command, self.cwd = [str(word) for word in command], cwd
        self.start()

    def start(self):
        self.log = open(Path(self.cwd) / f"{Path(self.command[0]).name}.log", "a")
        self.running = subprocess.Popen(self.command, cwd=self.cwd, stdout=self.log, stderr=self.log)

    def kill(self):
        self.running.kill()
        self.running.wait()


def wait(what, holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            sys.exit(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Bridge:
    """Mosquitto at the edge and at headquarters, and a subscriber there that counts."""

    def __init__(self, folder, settings):
        self.central, self.edge_port = free_port(), free_port()
        (folder / "central").mkdir()
        (folder / "edge").mkdir()
        plain = "user root\nallow_anonymous true\nlog_type error\n"
        (folder / "central.conf").write_text(f"listener {self.central} 127.0.0.1\nmax_queued_messages 0\n{plain}")
        self.line = Line(self.central)
        (folder / "edge.conf").write_text(
            f"listener {self.edge_port} 127.0.0.1\n{plain}persistence true\npersistence_location {folder}/edge/\n{settings}"
            f"connection home\naddress 127.0.0.1:{self.line.port}\ntopic hit/# out 1\ncleansession false\nnotifications false\n")
        self.processes = [Process(MOSQUITTO, "-c", folder / "central.conf", cwd=folder / "central")]
        wait("the central broker starts", lambda: answers(self.central))
        subscriber = subprocess.Popen(["mosquitto_sub", "-p", str(self.central), "-t", "hit/#", "-q", "1", "-i", "home", "-c", "-F", "%p"], stdout=subprocess.PIPE, text=True)
        self.subscriber, self.arrived = subscriber, collections.Counter()
        threading.Thread(target=self.count, daemon=True).start()
        time.sleep(0.5)
        self.edge = Process(MOSQUITTO, "-c", folder / "edge.conf", cwd=folder / "edge")
        self.processes.append(self.edge)
        wait("the edge's broker starts", lambda: answers(self.edge_port))
        time.sleep(2)

    def count(self):
        for message in self.subscriber.stdout:
            self.arrived[message.strip().rstrip(".")] += 1

    def send(self, first, count):
        lines = "".join(f"{n:06d}".ljust(BYTES, ".") + "\n" for n in range(first, first + count))
        subprocess.run(["mosquitto_pub", "-p", str(self.edge_port), "-t", "hit/1", "-q", "1", "-l"], input=lines, text=True, check=True)
        return [f"{n:06d}" for n in range(first, first + count)]

    def total(self):
        return sum(self.arrived.values())

    def end(self):
        self.subscriber.kill()
        for process in reversed(self.processes):
            process.kill()


def run(program, *arguments):
    return post.run(options.bin, program, *arguments)


class Vedette:
    """An agent with its defaults, Mosquitto with the shipped configuration, depot and collector."""

    def __init__(self, folder):
        self.folder, port = folder, free_port()
        self.line, self.hq = Line(port), ("--home", folder / "hq")
        run("vedette-hq", *self.hq, "init", "--broker-port", self.line.port)
        run("vedette-hq", *self.hq, "list", "create", LIST, "--kind", "documents")
        run("vedette-hq", *self.hq, "enrol", "post-7", "--out", folder / "post-7")
        toml = folder / "post-7/agent.toml"
        toml.write_text(re.sub(r'(?m)^listen = ".*"', 'listen = ""', toml.read_text()))
        (folder / "list.csv").write_text(f"issuing_state,document_type,document_number,status\nUTO,P,{NUMBER},stolen\n")
        run("vedette-hq", *self.hq, "import", LIST, folder / "list.csv")
        run("vedette-hq", *self.hq, "publish", LIST)
        config = post.broker_config(folder / "broker", folder / "hq", port)
        self.processes = [Process(MOSQUITTO, "-c", config, cwd=config.parent)]
        wait("the broker starts", lambda: answers(port))
        self.processes.append(Process(options.bin / "vedette-hq", *self.hq, "serve", cwd=folder))
        self.edge = Process(options.bin / "vedette", "--config", toml, "run", cwd=folder / "post-7")
        self.processes.append(self.edge)
        wait("the list is in use", lambda: self.scan().get("verdict") == "hit")
        self.extra = self.total_acknowledged = None

    def scan(self):
        try:
            return post.ask(self.folder / "post-7/vedette.sock", "POST", "/v1/scans", {"mrz": ZONE, "who": "12", "why": "measuring"})
        except (OSError, ValueError, http.client.HTTPException):
            return {}

    def send(self, _first, count):
        return [self.scan()["alerts"][0]["encounter_id"] for _ in range(count)]

    @property
    def arrived(self):
        with sqlite3.connect(f"file:{self.folder}/hq/hq.db?mode=ro", uri=True) as db:
            return collections.Counter(row[0].hex() for row in db.execute("SELECT id FROM encounters"))

    def total(self):
        with sqlite3.connect(f"file:{self.folder}/hq/hq.db?mode=ro", uri=True) as db:
            return db.execute("SELECT count(*) FROM encounters").fetchone()[0]

    def end(self):
        for process in reversed(self.processes):
            process.kill()


def outage(name, edge, is_killed):
    """One row; how many were lost or doubled."""
    before = edge.total()
    sent = edge.send(0, options.before)
    wait("what was sent before the outage arrives", lambda: edge.total() >= before + options.before)
    edge.line.cut()
    sent += edge.send(options.before, options.during)
    if is_killed:
        edge.edge.kill()
        edge.edge.start()
    time.sleep(2)
    edge.line.is_cut = False
    repaired = last = time.monotonic()
    total = edge.total()
    while total < before + len(sent) and time.monotonic() - last < QUIET_S:
        time.sleep(0.1)
        if (now := edge.total()) != total:
            total, last = now, time.monotonic()
    if total >= before + len(sent):
        last = time.monotonic()
        time.sleep(3)  # for a second copy
    arrived = edge.arrived
    lost, doubled = sum(one not in arrived for one in sent), sum(arrived[one] > 1 for one in sent)
    took = f"{last - repaired:.1f}" if not lost else "never"
    print(f"| {name} | {'killed' if is_killed else 'kept'} | {len(sent):,} | {lost:,} | {doubled:,} | {took} |", flush=True)
    return lost + doubled


def main():
    rows = [
        ("Mosquitto bridge, default queue (1,000)", "", False),
        ("Mosquitto bridge, default queue (1,000)", "autosave_on_changes true\nautosave_interval 1\n", True),
        ("Mosquitto bridge, unlimited queue", "max_queued_messages 0\n", False),
        ("Mosquitto bridge, unlimited queue, stored every 1,800 s (default)", "max_queued_messages 0\n", True),
        ("Mosquitto bridge, unlimited queue, stored at each change", "max_queued_messages 0\nautosave_on_changes true\nautosave_interval 1\n", True),
        ("Vedette", None, False),
        ("Vedette", None, True),
    ]
    print(f"{options.before:,} messages with the line up, {options.during:,} while it is cut; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n")
    print("| edge | edge's process | acknowledged | lost | doubled | s until all arrived |\n|---|---|---|---|---|---|")
    wrong = 0
    for name, settings, is_killed in rows:
        with tempfile.TemporaryDirectory(prefix="bridge-") as folder:
            edge = Vedette(Path(folder)) if settings is None else Bridge(Path(folder), settings)
            try:
                found = outage(name, edge, is_killed)
                wrong += found if settings is None else 0
            finally:
                edge.end()
    sys.exit(1 if wrong else 0)


main()
