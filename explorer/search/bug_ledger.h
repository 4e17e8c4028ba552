// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The bugs of one exploration, each with the shortest recipe of those
// timelines that came to it.
#ifndef MOONPOOL_EXPLORER_SEARCH_BUG_LEDGER_H_
#define MOONPOOL_EXPLORER_SEARCH_BUG_LEDGER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "explorer/recipe/recipe.pb.h"
#include "explorer/search/explore.h"
#include "explorer/search/job.h"
#include "explorer/shared/region.h"
#include "sim/assertions/table.h"

namespace moonpool::explorer {

class BugLedger {
 public:
  // Lifetime: options outlives it.
  explicit BugLedger(const ExploreOptions* options) : options_(*options) {}

  // A timeline has been committed; timelines: all so far. Whether a recipe was
  // made of it. Tells the options' callbacks.
  bool Commit(const Job& job, const JobSlot& slot, uint64_t timelines);

  // In the order of their first timelines.
  const std::vector<Bug>& bugs() const { return bugs_; }
  std::vector<Bug> Take() { return std::move(bugs_); }

 private:
  BugRecipe RecipeOf(const Job& job, const JobSlot& slot,
                     const Violation& violation) const;

  const ExploreOptions& options_;
  std::vector<Bug> bugs_;
  std::map<uint64_t, size_t> index_;  // identity -> bugs_
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_BUG_LEDGER_H_
