#!/usr/bin/python3
"""Verdicts against values worked out by hand: a goal that is missed must not count as reached."""
import json
import math
import os
import unittest

import search_goals


def trials(*timelines, budget=100, cpu=1e-3):
    """Searches with ten events and five draws a timeline; None: nothing found within the budget."""
    return [{"found": t is not None, "timelines": t or budget, "events": 10 * (t or budget),
             "draws": 5 * (t or budget), "cpu_seconds": cpu * (t or budget)} for t in timelines]


def reached(goal, greedy, control=(), **row):
    row = {"name": "row", "goal": {"searches": len(greedy), **goal}, **row}
    return [good for _, _, good in search_goals.judge(row, greedy, list(control))]


class GoalsTest(unittest.TestCase):

    def test_a_share_found(self):
        self.assertEqual(reached({"found": 0.75}, trials(1, 2, None, 4)), [True])
        self.assertEqual(reached({"found": 0.76}, trials(1, 2, None, 4)), [False])

    def test_quantiles(self):
        searches = trials(*range(1, 21))
        self.assertEqual(reached({"timelines": 10, "timelines_p95": 19, "draws": 50}, searches), [True] * 3)
        self.assertEqual(reached({"timelines": 9, "timelines_p95": 18, "draws": 49}, searches), [False] * 3)

    def test_what_was_never_found_is_beyond_every_budget(self):
        self.assertEqual(reached({"timelines": 1000}, trials(1, None, None)), [False])

    def test_ratios_to_plain_seeds(self):
        control = trials(40, 40, 40)
        goal = {"x_events": 0.25, "x_cpu_seconds": 0.25}
        self.assertEqual(reached(goal, trials(10, 10, 10), control), [True, True])
        self.assertEqual(reached(goal, trials(10, 10, 10, cpu=2e-3), control), [True, False])
        self.assertEqual(reached(goal, trials(11, 11, 11), control), [False, False])

    def test_bounds(self):
        # Plain seeds find nothing in 100: at most 10 / 100. Greedy finds nothing: nothing is reached.
        nothing = trials(None, None, None)
        self.assertEqual(reached({"x_events": 0.1}, trials(10, 10, 10), nothing), [True])
        self.assertEqual(reached({"x_events": 0.09}, trials(10, 10, 10), nothing), [False])
        self.assertEqual(reached({"x_events": 100}, nothing, trials(10, 10, 10)), [False])
        self.assertEqual(reached({"x_events": 100}, nothing, nothing), [False])

    def test_plain_seeds_that_nobody_can_wait_for_are_computed(self):
        row = {"p": "1e-6", "run_events": 10}
        median = math.log(2) / 1e-6 * 10
        self.assertEqual(reached({"x_events": 101 / median}, trials(10), **row), [True])
        self.assertEqual(reached({"x_events": 99 / median}, trials(10), **row), [False])
        with self.assertRaisesRegex(ValueError, "only events"):
            reached({"x_cpu_seconds": 1}, trials(10), **row)

    def test_too_few_searches_reach_nothing(self):
        self.assertEqual(reached({"found": 0.5, "searches": 30}, trials(1, 1)), [False])
        self.assertEqual(reached({"x_events": 9}, trials(1, 1), trials(1)), [False])
        self.assertEqual(reached({"x_events": 9}, trials(1, 1)), [False])

    def test_a_goal_that_is_not_known(self):
        with self.assertRaisesRegex(ValueError, "row: no goal is called timelines_p94"):
            reached({"timelines_p94": 5}, trials(1))

    def test_the_goals_of_the_problem_set_can_be_judged(self):
        root = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
        with open(root + "/explorer/problems/problems.json") as f:
            rows = [row for row in json.load(f) if "goal" in row]
        self.assertGreater(len(rows), 20)
        for row in rows:
            searches = trials(*[10] * row["goal"]["searches"])
            verdicts = search_goals.judge(row, searches, searches if search_goals.needs_seeds(row) else [])
            self.assertEqual(len(verdicts), len(row["goal"]) - 1, row["name"])


if __name__ == "__main__":
    unittest.main()
