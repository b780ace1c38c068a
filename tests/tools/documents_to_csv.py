#!/usr/bin/env python3
"""Converts a TSV of document numbers into the CSV that `vedette-hq import` takes.

usage: documents_to_csv.py DOCUMENTS.tsv > LIST.csv

DOCUMENTS.tsv has a header and the columns number_norm, country_iso3 and type; passports with a country are taken,
each once, as revoked. What was left out is counted on standard error.
"""
import csv
import sys

COLUMNS = ("issuing_state,document_type,document_number,document_number_to,status,issue_date,expiry_date,"
           "theft_date,theft_state,review_date,national_ref,remark").split(",")

# No document number is longer; such a field holds prose.
NUMBER_CHARS_MAX = 32


def main(path):
    taken, left_out = set(), 0
    out = csv.DictWriter(sys.stdout, COLUMNS, restval="", lineterminator="\n")
    out.writeheader()
    with open(path, encoding="utf-8") as source:
        for row in csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE):
            key = (row["country_iso3"], row["number_norm"])
            if row["type"] != "passport" or not all(key) or key in taken or len(key[1]) > NUMBER_CHARS_MAX:
                left_out += 1
                continue
            taken.add(key)
            out.writerow({"issuing_state": key[0], "document_type": "P", "document_number": key[1],
                          "status": "revoked"})
    print(f"{len(taken)} passports, {left_out} rows left out", file=sys.stderr)


if len(sys.argv) != 2:
    sys.exit(__doc__)
main(sys.argv[1])
