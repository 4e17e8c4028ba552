"""What searches took, as quantiles, and whether that reaches the goals of explorer/problems/problems.json.

A trial is one search: {"found", "timelines", "events", "draws", "cpu_seconds"}. A row's goal names how many
searches to run, and for some of these what is asked of them:

  found            the least share of them that find the bug
  timelines, draws the largest median
  timelines_p95    the largest 95th percentile
  x_events, x_cpu_seconds
                   the largest ratio of the medians, to that of plain seeds

Where a row has run_events, the events of one plain run, the median of plain seeds is not run but computed
from its chance p: half of all searches take ln 2 / p runs or more.
"""
import math

import survival

_AT_MOST = {"timelines": ("timelines", 0.5), "draws": ("draws", 0.5), "timelines_p95": ("timelines", 0.95)}
_NAMES = {"timelines": "median of timelines", "draws": "median of draws",
          "timelines_p95": "95th percentile of timelines", "events": "events", "cpu_seconds": "CPU"}


def number(value):
    if value >= 100:
        return "{:,.0f}".format(value)
    return "{:.3g}".format(value)


def quantile(trials, measure, q):
    """Of all trials, censored ones included; None beyond their budgets."""
    # The budget is one of timelines: what it cut off is beyond it in every measure.
    if survival.quantile([(t["timelines"], t["found"]) for t in trials], q) is None:
        return None
    return survival.quantile([(t[measure], t["found"]) for t in trials], q)


def most(trials, measure):
    return max(t[measure] for t in trials)


def ratio(trials, control, measure):
    """Of the medians: a bound ("", "<" or ">") and a number, or None where neither has a median.

    control: trials of plain seeds, or their median.
    """
    mine = quantile(trials, measure, 0.5)
    other = quantile(control, measure, 0.5) if isinstance(control, list) else control
    if mine is None and other is None:
        return None
    bound = ">" if mine is None else "<" if other is None else ""
    mine = most(trials, measure) if mine is None else mine
    other = most(control, measure) if other is None else other
    return (bound, mine / other) if other else None


def needs_seeds(row):
    """Whether the goal compares with plain seeds that have to be run."""
    return "run_events" not in row and any(key.startswith("x_") for key in row["goal"])


def judge(row, trials, control):
    """Each part of the row's goal: what is asked, what was seen, whether that reaches it.

    control: trials of plain seeds, of a row that needs_seeds.
    """
    searches = min(len(trials), len(control)) if needs_seeds(row) else len(trials)
    if searches < row["goal"]["searches"]:
        return [("%d searches" % row["goal"]["searches"], str(searches), False)]
    verdicts = []
    for key, asked in row["goal"].items():
        if key == "searches":
            continue
        if key == "found":
            found = sum(t["found"] for t in trials)
            verdicts.append(("found: at least %g %%" % (100 * asked), "%d of %d" % (found, len(trials)),
                             found >= asked * len(trials)))
        elif key in _AT_MOST:
            measure, q = _AT_MOST[key]
            seen = quantile(trials, measure, q)
            verdicts.append(("%s: at most %s" % (_NAMES[key], number(asked)),
                             ">" + number(most(trials, measure)) if seen is None else number(seen),
                             seen is not None and seen <= asked))
        elif key in ("x_events", "x_cpu_seconds"):
            measure = key[len("x_"):]
            computed = "run_events" in row
            if computed and measure != "events":
                raise ValueError("%s: of plain seeds that are not run, only events are known" % row["name"])
            other = math.log(2) / float(row["p"]) * row["run_events"] if computed else control
            seen = ratio(trials, other, measure)
            verdicts.append(("%s: at most %g of plain seeds'%s" % (_NAMES[measure], asked,
                                                                   " (computed)" if computed else ""),
                             "?" if seen is None else seen[0] + number(seen[1]),
                             seen is not None and seen[0] != ">" and seen[1] <= asked))
        else:
            raise ValueError("%s: no goal is called %s" % (row["name"], key))
    return verdicts
