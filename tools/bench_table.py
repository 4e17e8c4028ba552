#!/usr/bin/python3
"""Prints Google Benchmark's JSON as a table beside the goals.

  bench_table.py GOALS.json RESULTS.json ...

A goal is a time for one item (for one iteration where the benchmark counts no items), or "10000 : 1":
items a second of CPU, at least, of a benchmark whose items are simulated seconds. Its key is a
benchmark's name, with its arguments or without: BM_Draw is the goal of BM_Draw/100 too.
"""
import json
import sys

_NS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def nanoseconds(text):
    number, unit = text.split()
    return float(number) * _NS[unit]


def duration(ns):
    for unit in ("s", "ms", "us"):
        if ns >= _NS[unit]:
            return "%.3g %s" % (ns / _NS[unit], unit)
    return "%.3g ns" % ns


def rate(items):
    for scale, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if items >= scale:
            return "%.3g %s/s" % (items / scale, unit)
    return "%.3g /s" % items


def row(result, goals):
    name = result["name"]
    # CPU time: on a busy machine real time measures the neighbours.
    item = result["cpu_time"] * _NS[result["time_unit"]]
    items = result.get("items_per_second")
    cells = [name, duration(item), rate(items) if items else ""]
    goal = goals.get(name) or goals.get(name.split("/")[0])
    if goal and goal.endswith(": 1"):
        cells[2] = "%d : 1" % items
        ratio = float(goal.split()[0]) / items
        cells += [goal, "ok" if ratio <= 1 else "%.1f x" % ratio]
    elif goal:
        if items:
            item = 1e9 / items
        ratio = item / nanoseconds(goal)
        cells += [goal, "ok" if ratio <= 1 else "%.1f x" % ratio]
    return cells


def main(goals_path, *result_paths):
    with open(goals_path) as f:
        goals = json.load(f)
    rows = [["benchmark", "time", "items", "goal", "reached"]]
    for path in result_paths:
        with open(path) as f:
            # Of repeated runs, only their aggregates but the spread.
            rows += [
                row(x, goals) for x in json.load(f)["benchmarks"]
                if not x.get("error_occurred") and x.get("aggregate_name") not in ("stddev", "cv")
            ]
    widths = [max(len(r[i]) for r in rows if i < len(r)) for i in range(5)]
    for r in rows:
        cells = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(r, widths))]
        print("  ".join(cells).rstrip())


if __name__ == "__main__":
    main(*sys.argv[1:])
