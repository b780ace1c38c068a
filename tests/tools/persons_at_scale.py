#!/usr/bin/env python3
"""Measures what memory a device needs for a large list of persons.

usage: persons_at_scale.py BINARIES [N] [--seed SEED]

BINARIES is the folder with a release build of `vedette` and `vedette-hq`; N persons, 1,000,000 by default, invented. Names are
built of syllables, unequally frequent as people's are (the k-th has a share of about 1/k); a third of the persons have a second
name, and a third name a document. A real agent takes the list from a bundle, then another edition of it, of which 1,000 alerts
are new, while the first is in use; then it is started again. Prints resident memory (VmRSS), its peak (VmHWM), and how much of
it is the process's own (RssAnon); the rest are mapped files, which the system may take back. The agent's allocator is set as
the service sets it (config/systemd/vedette.service). Exit 0 only if memory at rest is at most 250 MB, and its peak 400.
"""
import argparse, json, os, pathlib, random, re, subprocess, sys, tempfile, time

RESIDENT_MB_MAX, PEAK_MB_MAX = 250, 400
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "262144"}
# How long the agent may take until a list is in use, seconds.
WAIT_S_MAX = 900
SYLLABLES = [
    "MA HA SA RI LA NA DA BA KA FA HU SU MU NU ZA IR AN AR IM ID SHA KHA JA WA YA GHA",
    "VO RO MI SLA NI KO LE VA SE GO RA DI BO TO PE ZHE IL OV EN IK CHA YU STA VLA DMI GRI",
    "LO RE NA GAR CI MAR TI NE ZA PE RA DRO JO CAR LES SAN CHE QUI VE RO MON TA BE LI A DA",
    "LI WE XI ZHA NG HO CHE YA SU PA KI MO RI TA NA KU DA SHI GU BO TE YO WA HE LU FE",
    "BER GER MAN STEIN HOF LIN DE NER WAL SCH TZ KEL BRU FRI HEL MUT KLA US PET ER SON TH OR GUN NAR EK",
    "O KA NU BE CHI DI MA KWE ESE TO LA MBA NGO SI FU LE AD EY EMI IWU OBI TU ZI NDA GA YE",
]
STATES = ["UTO", "DEU", "FRA", "NOR", "POL", "ITA"]


class People:
    def __init__(self, seed):
        self.chance = random.Random(seed)
        words = lambda syllables, count, most: [
            "".join(self.chance.choices(syllables, k=self.chance.randint(2, most))) for _ in range(count)]
        self.tongues = [(words(s.split(), 2500, 3), words(s.split(), 60_000, 4)) for s in SYLLABLES]

    def of(self, words):
        """A word, the k-th with a share of about 1/k."""
        return words[int(len(words) ** self.chance.random()) - 1]

    def line(self, number):
        chance, manner = self.chance, self.chance.randrange(len(STATES))
        given, family = self.tongues[manner]
        names = []
        for _ in range(1 if chance.random() < 2 / 3 else 2):
            two = f"{self.of(given)} {self.of(given)}" if chance.random() < 2 / 3 else self.of(given)
            names.append({"surname": self.of(family), "given": two, "kind": "aka" if names else "primary"})
        year = chance.randrange(1940, 2006)
        date = f"{year}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}" if chance.random() < 0.8 else f"{year}"
        alert = {"id": f"p-{number}", "names": names, "birth_dates": [date] if chance.random() < 0.9 else [],
                 "nationalities": [STATES[manner]], "kind": "red", "action": "arrest"}
        if chance.random() < 1 / 3:
            number = f"{chance.randrange(10**8):08}"
            alert["documents"] = [{"kind": "passport", "state": STATES[manner], "number": f"K{number}"}]
        return json.dumps(alert) + "\n"


def memory(process):
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    kb = dict(re.findall(r"^(\w+):\s+(\d+) kB$", status, re.M))
    return [int(kb[name]) / 1000 for name in ("VmRSS", "RssAnon", "VmHWM")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binaries", type=pathlib.Path)
    parser.add_argument("persons", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--seed", type=int, default=20_261_128)
    options = parser.parse_args()

    def run(program, *arguments):
        done = subprocess.run([options.binaries / program, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{program} {arguments}: {done.returncode}\n{done.stderr}")
        return done.stdout

    with tempfile.TemporaryDirectory(prefix="vedette-persons-") as name:
        folder = pathlib.Path(name)
        hq = ["--home", folder / "hq"]
        # No broker listens there: lists come from bundles.
        run("vedette-hq", *hq, "init", "--broker-port", "9")
        run("vedette-hq", *hq, "list", "create", "uto/sought", "--kind", "persons", "--lease", "48h")
        run("vedette-hq", *hq, "enrol", "post-7", "--out", folder / "post")
        people = People(options.seed)
        rows = folder / "persons.jsonl"
        with rows.open("w") as out:
            out.writelines(people.line(number) for number in range(options.persons))
        run("vedette-hq", *hq, "import", "uto/sought", rows)
        run("vedette-hq", *hq, "publish", "uto/sought", "--bundle", folder / "first")
        rows.write_text("".join(people.line(options.persons + number) for number in range(1000)))
        run("vedette-hq", *hq, "put", "uto/sought", rows)
        run("vedette-hq", *hq, "publish", "uto/sought", "--bundle", folder / "second")
        config = folder / "post/agent.toml"

        def edition():
            """The edition that the agent has in use; 0 before there is one, None before it answers."""
            if not (folder / "post/vedette.sock").exists():
                return None
            shown = subprocess.run([options.binaries / "vedette", "lists", "--json", "--config", config], capture_output=True)
            lists = json.loads(shown.stdout) if shown.returncode == 0 else []
            return max((one["edition"] for one in lists if one.get("entries")), default=0)

        def start(wanted):
            (folder / "post/vedette.sock").unlink(missing_ok=True)
            agent = subprocess.Popen([options.binaries / "vedette", "run", "--config", config],
                                     stderr=(folder / "log").open("a"), env=os.environ | ALLOCATOR)
            wait(agent, wanted)
            return agent

        def wait(agent, wanted):
            end = time.monotonic() + WAIT_S_MAX
            while edition() != wanted:
                if agent.poll() is not None or time.monotonic() > end:
                    sys.exit(f"edition {wanted} is not in use:\n{(folder / 'log').read_text()[-2000:]}")
                time.sleep(0.2)

        figures = []

        def measured(what, process):
            rest, own, peak = memory(process)
            print(f"| {what} | {rest:.0f} | {own:.0f} | {peak:.0f} |", flush=True)
            figures.append((rest, peak))

        print(f"{options.persons:,} persons, seed {options.seed}\n")
        print("| after | resident MB | of it its own | peak MB |\n|---|---|---|---|")
        agent = start(0)
        try:
            measured("start without a list", agent.pid)
            for number, bundle in enumerate(["first", "second"], start=1):
                run("vedette", "import", "--config", config, folder / bundle)
                wait(agent, number)
                time.sleep(5)
                measured(f"taking edition {number}", agent.pid)
        finally:
            agent.terminate()
            agent.wait()
        agent = start(2)
        try:
            time.sleep(5)
            measured("a start with the list", agent.pid)
        finally:
            agent.terminate()
            agent.wait()
    resident, peak = (max(values) for values in zip(*figures))
    kept = resident <= RESIDENT_MB_MAX and peak <= PEAK_MB_MAX
    print(f"\nat rest {resident:.0f} MB of {RESIDENT_MB_MAX}, at most {peak:.0f} MB of {PEAK_MB_MAX}: {'kept' if kept else 'NOT KEPT'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
