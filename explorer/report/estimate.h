// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What a search would still find, judged by what it found only rarely.
//
// n timelines have each shown some of many things (marks, or bugs); f_k of the
// things were shown by exactly k timelines. Then the expected number of things
// that one timeline more shows for the first time is f_1/n (Good, "The
// population frequencies of species and the estimation of population
// parameters", Biometrika 40, 1953), and that m = t n more show is
//
//   t f_1 - t^2 f_2 + t^3 f_3 - …   for t <= 1
//
// (Good and Toulmin, "The number of new species, and the increase in
// population coverage, when a sample is increased", Biometrika 43, 1956).
//
// Both suppose that timelines are drawn independently. Those of a search are
// not: they branch where something rare was just found. So these are rules of
// thumb, and the better the longer nothing changed.
#ifndef MOONPOOL_EXPLORER_REPORT_ESTIMATE_H_
#define MOONPOOL_EXPLORER_REPORT_ESTIMATE_H_

#include <cstdint>
#include <vector>

namespace moonpool {

struct UnseenEstimate {
  double per_timeline = 0;  // new things by the next timeline: f_1/n
  uint64_t horizon = 0;     // m, at most half of n
  double expected = 0;      // new things by the next m
};

// frequencies[k] is f_k; the last one stands for its k and all above, and is
// left out of the sum. wanted: of m; less if n is too small for that.
UnseenEstimate EstimateUnseen(const std::vector<uint64_t>& frequencies,
                              uint64_t timelines, uint64_t wanted);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_REPORT_ESTIMATE_H_
