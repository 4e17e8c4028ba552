#!/usr/bin/python3
"""Quantiles against values worked out by hand."""
import unittest

import survival


class QuantileTest(unittest.TestCase):

    def test_without_censoring_it_is_the_plain_one(self):
        trials = [(time, True) for time in (4, 1, 3, 2)]
        self.assertEqual([survival.quantile(trials, q) for q in (0.25, 0.5, 0.75, 1.0)], [1, 2, 3, 4])

    def test_failures_count(self):
        # Two of five succeed within the budget: half of them never did.
        trials = [(3, True), (7, True), (50, False), (50, False), (50, False)]
        self.assertEqual(survival.quantile(trials, 0.25), 7)
        self.assertIsNone(survival.quantile(trials, 0.5))

    def test_who_left_early_is_not_at_risk_later(self):
        # S: 3/4 at 1; then one leaves at 2; 3/4 * 1/2 at 3.
        trials = [(1, True), (2, False), (3, True), (9, False)]
        self.assertEqual(survival.quantile(trials, 0.5), 3)

    def test_a_success_precedes_a_failure_of_the_same_time(self):
        self.assertEqual(survival.quantile([(5, False), (5, True)], 0.5), 5)

    def test_nobody_succeeds(self):
        self.assertIsNone(survival.quantile([(5, False)], 0.25))


if __name__ == "__main__":
    unittest.main()
