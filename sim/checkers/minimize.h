// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Minimize: makes a history that is not linearizable smaller. Internal to this
// room.
//
// Operations are dropped as long as the rest still violates *for the same
// reason*: without the answer of the culprit (the operation that no
// linearization gets past) it is linearizable; the operations that the
// culprit's output comes from are kept; and with an operation goes what it
// consumed. Otherwise dropping the write of a value would "explain" every read
// of it, and dropping a dequeue every reorder.
#ifndef MOONPOOL_SIM_CHECKERS_MINIMIZE_H_
#define MOONPOOL_SIM_CHECKERS_MINIMIZE_H_

#include <cstdint>
#include <vector>

#include "sim/checkers/partition.h"
#include "sim/checkers/search.h"

namespace moonpool::checkers_internal {

struct Minimized {
  std::vector<Search::Item> items;  // in the order of the calls
  SearchResult search;              // of these items: kNone
  bool is_complete = true;          // not stopped by the limit on steps
};

// REQUIRES: items are in the order of the calls; found is the result, kNone, of
// searching them.
Minimized Minimize(Partition* partition, std::vector<Search::Item> items,
                   const SearchResult& found, const SearchLimits& limits);

}  // namespace moonpool::checkers_internal

#endif  // MOONPOOL_SIM_CHECKERS_MINIMIZE_H_
