// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Policies: from which cell the next timeline branches. Small classes behind
// one interface, compared on the problem set. Integer arithmetic only, so that
// the same archive gives the same choice on every machine.
#ifndef MOONPOOL_EXPLORER_SEARCH_POLICY_H_
#define MOONPOOL_EXPLORER_SEARCH_POLICY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "explorer/search/archive.h"
#include "providers/random.h"

namespace moonpool::explorer {

class Policy {
 public:
  // A root seed of the job's own instead of a cell: another world, with another
  // plan of faults.
  static constexpr int kFreshSeed = -1;

  virtual ~Policy() = default;
  // The index of the cell to branch from, or kFreshSeed. O(cells)
  virtual int Pick(const Archive& archive, Random& random) = 0;
};

// "greedy" (the default): the cell with the largest (index + 1)^4 / (barren +
// 1), so the newest one until it has proved barren; a quarter of the picks go
// to the whole archive, by (picks + 1)^-1/2, so that nothing is ever forgotten
// (design/explorer.md has the measurements behind the exponents).
// "uniform": every cell alike. "seeds": always a fresh seed, the control. NotFound for other names, listing these.
absl::StatusOr<std::unique_ptr<Policy>> MakePolicy(absl::string_view name);

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_POLICY_H_
