#!/usr/bin/env python3
"""Times answers to a traveller with a discreet alert and to one without, in turns, over the Unix socket.

    cargo build --release && tests/tools/discreet_times.py target/release [SCANS [STEP_MS]]

Prints percentiles of both and the largest distance between their distributions (Kolmogorov-Smirnov): an observer who
sees one answer's time can tell the two apart with at most (1 + distance) / 2 of certainty. STEP_MS is
`limits.answer_step_ms`, 0 for what the step hides.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from post import Unix

LISTED = ("ERIKSSON", "ANNA<MARIA", "UTO:L898902C3")
NOT_LISTED = ("LINDQVIST", "EVA<KARIN", "UTO:X00000007")


def zone(programs, surname, given, number):
    specimen = subprocess.run([programs / "vedette", "mrz", "--specimen", number], capture_output=True, text=True, check=True)
    first, second = specimen.stdout.split()
    return f"{first[:5]}{surname}<<{given}".ljust(44, "<") + "\n" + second


def prepare(programs, folder, step_ms):
    def run(*arguments):
        subprocess.run([str(a) for a in arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    hq = [programs / "vedette-hq", "--home", folder / "hq"]
    run(*hq, "init")
    run(*hq, "list", "create", "uto/persons", "--kind", "persons")
    person = {
        "id": "D-1", "names": [{"surname": "Eriksson", "given": "Anna Maria"}], "birth_dates": ["1974-08-12"],
        "nationalities": ["UTO"], "kind": "sis_check", "action": "discreet_check",
    }
    (folder / "persons.jsonl").write_text(json.dumps(person) + "\n")
    run(*hq, "import", "uto/persons", folder / "persons.jsonl")
    run(*hq, "enrol", "post-7", "--out", folder / "post-7")
    run(*hq, "publish", "uto/persons", "--bundle", folder / "stick")
    config = folder / "post-7/agent.toml"
    text = re.sub(r"\nlisten = .*", "", config.read_text()).replace("[link]\n", "[link]\nenabled = false\n")
    text += f"\n[limits]\nanswer_step_ms = {step_ms}\n"
    config.write_text(text)
    run(programs / "vedette", "import", "--config", config, folder / "stick")
    return config


def percentile(sorted_times, percent):
    return sorted_times[min(len(sorted_times) - 1, len(sorted_times) * percent // 100)]


def distance(ones, others):
    steps = sorted(set(ones + others))
    below = lambda times, at: sum(1 for t in times if t <= at) / len(times)
    return max(abs(below(ones, at) - below(others, at)) for at in steps)


def main():
    programs = pathlib.Path(sys.argv[1]).resolve()
    scans = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    step_ms = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        config = prepare(programs, folder, step_ms)
        agent = subprocess.Popen([programs / "vedette", "run", "--config", config], stderr=subprocess.DEVNULL)
        try:
            socket_path = folder / "post-7/vedette.sock"
            while not socket_path.exists():
                time.sleep(0.05)
            zones = {who: zone(programs, *who) for who in (LISTED, NOT_LISTED)}
            times = {}
            for n in range(2 * scans):
                who = (LISTED, NOT_LISTED)[n % 2]
                body = json.dumps({"mrz": zones[who]})
                connection = Unix(str(socket_path))
                start = time.perf_counter()
                connection.request("POST", "/v1/scans", body, {"Content-Type": "application/json"})
                answer = json.loads(connection.getresponse().read())
                times.setdefault(who[0], []).append((time.perf_counter() - start) * 1e3)
                connection.close()
                assert answer["verdict"] == "clear" and not answer["alerts"], answer
        finally:
            agent.terminate()
            agent.wait()
    print(f"{scans} scans each, step {step_ms} ms   p50     p90     p99")
    for who, label in ((LISTED, "discreet alert"), (NOT_LISTED, "no alert")):
        ordered = sorted(times[who[0]])
        print(f"{label:<22}" + "".join(f"{percentile(ordered, p):8.2f}" for p in (50, 90, 99)))
    print(f"largest distance of the distributions: {distance(*times.values()):.3f}")


if __name__ == "__main__":
    main()
