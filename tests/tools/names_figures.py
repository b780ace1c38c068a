#!/usr/bin/env python3
"""Measures whom a list of persons meets, and whom it alarms, against the bounds. Standard library only.

usage: names_figures.py BINARIES LIST.jsonl QUERIES.tsv [--seed SEED]

BINARIES is the folder with `vedette-hq`. LIST has persons as `vedette-hq import` takes them. QUERIES has a header and the columns
query_name, query_dob, query_nat, target_id (NONE: nobody listed), category (`neg_...` where nobody is) and may have more. All
are screened, and with them queries made here from the list: exact names whose birth date differs, and strangers of common Arab
and Afghan names. At the defaults: possible from 0.77, a hit from 0.95. Prints Markdown; exit 0 only if every bound is kept.

Names are rare or common by the world's table (agent/names/src/world.bin), as agent/names/src/world.rs reads it.
"""
import argparse, bisect, csv, json, pathlib, random, re, subprocess, sys, tempfile, unicodedata

POSSIBLE, HIT = 0.77, 0.95
# As in agent/names/src/world.rs, nats.
RARE, COMMON, UNKNOWN, SHORT = 17.0, 9.3, 11.5, [2.5, 5.0, 7.5, 9.5]
WORLD = pathlib.Path(__file__).resolve().parents[2] / "agent/names/src/world.bin"
# Categories that share no name with the person, or only its consonants; names of listed persons put together in new pairs that
# may be somebody's; and persons of a listed name with another date.
HARD, UNSAFE, NAMESAKE = {"alias_other", "alias_weak", "arabic_icu_consonantal"}, "neg_recombined_ambiguous", "neg_namesake_other_dob"
SAMPLE, STRANGERS = 600, 5600
FAMILY = """AHMADI RAHIMI HUSSEINI NOORI MOHAMMADI KARIMI HASHIMI QASIMI NAZARI SADAT AKBARI AMIRI SAFI HABIBI YOUSUFZAI STANIKZAI
AL-JABOURI AL-DULAIMI HASSAN HUSSEIN ALI AHMED MOHAMMED IBRAHIM SALEH MAHMOUD KHALIL OSMAN ADAM ABDI WARSAME FARAH""".split()
GIVEN = """ABDUL-GHANI ABDUL-HAMID ABDUL-QADIR ABDUL-RAHMAN MOHAMMAD AHMAD MAHMUD ALI HASSAN HUSSAIN OMAR OSMAN KHALID WALID SAID
SALIM NASIR JAMAL KARIM RAHIM YUSUF IBRAHIM ISMAIL MUSTAFA MUSA HAMID RASHID TARIQ ZAHIR AMIR FARID NAJIB""".split()
# A zone always says a nationality.
STATES = "AFG IRQ SYR YEM EGY SOM SDN PAK".split()


def world_weight(token):
    table = WORLD.read_bytes() if not hasattr(world_weight, "table") else world_weight.table
    world_weight.table = table
    word = lambda at: table[at] | table[at + 1] << 8
    number = 0xCBF29CE484222325
    for letter in token.encode():
        number = (number ^ letter) * 0x100000001B3 % 2**64
    number ^= number >> 32
    bucket, wanted, names = number % 1024, number >> 10 & 0xFFFF, word(2 * 1023)
    most = SHORT[len(token) - 1] if len(token) <= len(SHORT) else UNKNOWN
    for at in range(word(2 * bucket - 2) if bucket else 0, word(2 * bucket)):
        if word(2048 + 2 * at) == wanted:
            return min(most, table[2048 + 2 * names + at] / 16)
    return most


def nats(name):
    plain = unicodedata.normalize("NFKD", name).upper()
    return sum(world_weight(token) for token in re.sub(r"[^A-Z]+", " ", re.sub(r"[\u0300-\u036f']", "", plain)).split())


def exact_name(person):
    """The primary name as a zone has it; None where its parts are not known apart, or fill the field."""
    name = person["names"][0]
    if not name.get("surname") or not name.get("given"):
        return None
    text = f"{name['surname']}<<{name['given']}".upper().replace(" ", "<")
    return text if text.isascii() and len(text) not in (30, 31, 39) else None


def dated(chance, date):
    """The ways in which a date differs, of one that is known to the day: kind -> the date read."""
    year, month, day = (int(part) for part in date.split("-"))
    other = lambda least, most, than: chance.choice([n for n in range(least, most + 1) if n != than])
    ways = {
        "another day and month of its year": f"{year}-{other(1, 12, month):02}-{other(2, 28, day):02}",
        "a wholly other date": f"{year + chance.choice([-1, 1]) * chance.randrange(12, 20)}-{other(1, 12, month):02}-{other(1, 28, day):02}",
        "not read": "",
    }
    if (month, day) != (1, 1):
        ways["1 January of its year or the next"] = f"{year + chance.randrange(2)}-01-01"
    if day <= 12 and day != month:
        ways["day and month swapped"] = f"{year}-{day:02}-{month:02}"
    return ways


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binaries", type=pathlib.Path)
    parser.add_argument("list", type=pathlib.Path)
    parser.add_argument("queries", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=20_261_128)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    persons = [json.loads(line) for line in options.list.open() if line.strip()]
    # name, date, nationality, id of who is meant, what is measured
    rows = [(row["query_name"], row["query_dob"], row["query_nat"], row["target_id"], row["category"])
            for row in csv.DictReader(options.queries.open(), delimiter="\t", quoting=csv.QUOTE_NONE)]
    of_dates = {}
    for person in chance.sample(persons, len(persons)):
        name, dates = exact_name(person), person.get("birth_dates", [])
        if name is None or len(dates) != 1:
            continue
        if re.fullmatch(r"\d{4}", dates[0]):
            ways = {"the year listed, one off": f"{int(dates[0]) + chance.choice([-1, 1])}-{chance.randrange(2, 13):02}-{chance.randrange(2, 29):02}"}
        elif re.fullmatch(r"\d{4}-\d\d-\d\d", dates[0]):
            ways = dated(chance, dates[0])
        else:
            continue
        for way, date in ways.items():
            if of_dates.setdefault(way, 0) < SAMPLE:
                of_dates[way] += 1
                rows.append((name, date, "", person["id"], f"date: {way}"))
    for number in range(2 * STRANGERS):
        first = number < STRANGERS
        name = f"{chance.choice(FAMILY)}<<{chance.choice(GIVEN)}" + (f"<{chance.choice(GIVEN)}" if chance.random() < 0.5 else "")
        month, day = (1, 1) if first else (chance.randrange(1, 13), chance.randrange(2, 29))
        date = f"{chance.randrange(1950, 2005)}-{month:02}-{day:02}"
        rows.append((name.replace("-", "<"), date, chance.choice(STATES), "NONE", "strangers born on 1 January" if first else "strangers born on other days"))

    best, own = [0.0] * len(rows), [0.0] * len(rows)
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as asked:
        asked.write("query_name\tquery_dob\tquery_nat\n" + "".join("\t".join(row[:3]) + "\n" for row in rows))
        asked.flush()
        command = [options.binaries / "vedette-hq", "screen", "--list", options.list, "--queries", asked.name]
        for line in subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines():
            number, alert, score = line.split("\t")
            number, score = int(number), float(score)
            best[number] = max(best[number], score)
            if alert == rows[number][3]:
                own[number] = max(own[number], score)

    kept = True

    def show(what, wanted, value, holds=True):
        nonlocal kept
        kept &= holds
        print(f"| {what} | {wanted} | {value}{'' if holds else ' **not kept**'} |")

    given = [at for at, row in enumerate(rows) if not row[4].startswith(("date: ", "strangers "))]
    core = sorted(own[at] for at in given if rows[at][3] != "NONE" and rows[at][4] not in HARD)
    strangers = sorted(best[at] for at in given if rows[at][3] == "NONE" and rows[at][4] not in (UNSAFE, NAMESAKE))
    threshold = strangers[len(strangers) - 1 - len(strangers) // 1000] + 1e-9
    recall = (len(core) - bisect.bisect_left(core, threshold)) / len(core)
    f1 = 0.0
    for at in {round(score, 3) for score in core + strangers if score > 0}:
        met, alarmed = len(core) - bisect.bisect_left(core, at), len(strangers) - bisect.bisect_left(strangers, at)
        f1 = max(f1, 2 * met / (met + alarmed + len(core)))
    print(f"{len(persons):,} persons, {len(given):,} queries, seed {options.seed}\n\n| measure | wanted | measured |\n|---|---|---|")
    show("recall at 1e-3 false alarms a query", ".97", f"{recall:.4f}, at a score of {threshold:.4f}", recall >= 0.97)
    show("best F1", ".985", f"{f1:.4f}", f1 >= 0.985)
    share = lambda group, scores, least: sum(scores[at] >= least for at in group) / max(1, len(group))
    for way in of_dates:
        group = [at for at, row in enumerate(rows) if row[4] == f"date: {way}"]
        rare = [at for at in group if nats(rows[at][0]) >= RARE]
        possible, of_rare, hits = share(group, own, POSSIBLE), share(rare, own, POSSIBLE), share(group, own, HIT)
        text = f"{possible:.3f}; rare names {of_rare:.3f}; hits {hits:.3f}"
        what = f"exact name, {way} ({len(group)})"
        if way == "a wholly other date":
            show(what, "rare ones possible, no hit", text, hits == 0)
        elif way == "not read":
            show(what, "rare ones possible", text)
        else:
            show(what, ".98 possible", text, possible >= 0.98)
    group = [at for at in given if rows[at][4] == NAMESAKE]
    common = [at for at in group if nats(rows[at][0]) < COMMON]
    rare = [at for at in group if nats(rows[at][0]) >= RARE]
    alarmed, hits = share(common, best, POSSIBLE), share(group, best, HIT)
    show(f"namesakes, same name and other date ({len(group)}), hits", "0", f"{hits:.4f}", hits == 0)
    show(f"common ones of them ({len(common)}), alarmed", ".01", f"{alarmed:.3f}", alarmed <= 0.01)
    show(f"rare ones of them ({len(rare)}), alarmed", "told", f"{share(rare, best, POSSIBLE):.3f}")
    for what, wanted in [("strangers born on 1 January", "2, .2"), ("strangers born on other days", "told")]:
        group = [at for at, row in enumerate(rows) if row[4] == what]
        answers, hits = 1000 * share(group, best, POSSIBLE), 1000 * share(group, best, HIT)
        holds = wanted == "told" or answers <= 2 and hits <= 0.2
        show(f"{what} ({len(group)}), answers and hits a thousand", wanted, f"{answers:.2f}, {hits:.2f}", holds)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
