#!/usr/bin/env python3
"""Plots size and time of a lookup against the number of documents, from the JSON lines of the documents benchmark.

    documents_plot.py RESULTS.jsonl > PLOT.svg

Two panels, both axes logarithmic; one line an engine. Draws SVG itself, so that it needs nothing installed.
"""

import json
import math
import sys

ENGINES = {  # colour, dash, and the mark at each point: readable without colour
    "Vedette (sealed)": ("#0b5cad", "", "circle"),
    "SQLite": ("#8a4b00", "7 4", "square"),
    "LMDB (heed)": ("#5b5b5b", "2 3", "triangle"),
    "redb": ("#a3195b", "9 3 2 3", "diamond"),
    "fst": ("#2f7d32", "4 2", "cross"),
}
PANELS = [
    ("bytes_a_document", "bytes a document", [4, 8, 16, 32, 64]),
    ("hit_ns", "median hit, ns", [200, 500, 1000, 2000, 5000]),
]
NS = [100_000, 1_000_000, 10_000_000, 138_000_000]
WIDTH, HEIGHT, LEFT, TOP, GAP = 330, 250, 52, 34, 70


def scaled(value, low, high, length):
    return length * (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))


def mark(shape, x, y, colour):
    r = 4
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" fill="{colour}"/>'
    if shape == "square":
        return f'<rect x="{x - r:.1f}" y="{y - r:.1f}" width="{2 * r}" height="{2 * r}" fill="{colour}"/>'
    if shape == "cross":
        return (f'<path d="M{x - r:.1f} {y - r:.1f}l{2 * r} {2 * r}m0 {-2 * r}l{-2 * r} {2 * r}" '
                f'stroke="{colour}" stroke-width="2"/>')
    points = [(0, -5), (5, 4), (-5, 4)] if shape == "triangle" else [(0, -5), (5, 0), (0, 5), (-5, 0)]
    return '<polygon points="{}" fill="{}"/>'.format(
        " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in points), colour)


def panel(lines, at, field, title, ticks):
    out, low, high = [], ticks[0], ticks[-1]
    place = lambda n, value: (at + scaled(n, NS[0], NS[-1], WIDTH), TOP + HEIGHT - scaled(value, low, high, HEIGHT))
    out.append(f'<text x="{at}" y="{TOP - 14}" font-weight="600">{title}</text>')
    for tick in ticks:
        y = place(NS[0], tick)[1]
        out.append(f'<path d="M{at} {y:.1f}h{WIDTH}" stroke="#d5d9de"/>')
        out.append(f'<text x="{at - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:,}</text>')
    for n, word in zip(NS, ["100 k", "1 M", "10 M", "138 M"]):
        x = place(n, low)[0]
        out.append(f'<text x="{x:.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{word}</text>')
    for engine, (colour, dash, shape) in ENGINES.items():
        points = sorted((line["documents"], line[field]) for line in lines if line["engine"] == engine)
        places = [place(min(max(n, NS[0]), NS[-1]), value) for n, value in points]
        way = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        out.append(f'<path d="{way}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        out += [mark(shape, x, y, colour) for x, y in places]
    return out


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1]) as file:
        lines = [json.loads(line) for line in file if line.startswith("{")]
    width = LEFT + 2 * WIDTH + GAP + 24
    height = TOP + HEIGHT + 64
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
           'font-family="sans-serif" font-size="12" fill="#1b1f24" role="img" '
           'aria-label="Bytes a document and nanoseconds a hit against the number of documents">',
           f'<rect width="{width}" height="{height}" fill="#fff"/>']
    for i, (field, title, ticks) in enumerate(PANELS):
        out += panel(lines, LEFT + i * (WIDTH + GAP), field, title, ticks)
    x = LEFT
    for engine, (colour, dash, shape) in ENGINES.items():
        y = TOP + HEIGHT + 46
        out.append(f'<path d="M{x} {y - 4}h30" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        out.append(mark(shape, x + 15, y - 4, colour))
        out.append(f'<text x="{x + 36}" y="{y}">{engine}</text>')
        x += 62 + 7 * len(engine)
    print("\n".join(out + ["</svg>"]))


if __name__ == "__main__":
    main()
