// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/explore.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "explorer/directory/search_log.h"
#include "explorer/search/around.h"
#include "explorer/search/coordinator.h"
#include "explorer/search/log_codec.h"
#include "explorer/search/policy.h"
#include "explorer/shared/cores.h"
#include "providers/base/status_macros.h"
#include "sim/assertions/table.h"
#include "sim/core/host.h"

namespace moonpool {
namespace {

absl::Status CheckRange(absl::string_view name, int64_t value, int64_t low,
                        int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      name, " is ", value, "; use ", low, " to ", high));
}

// Whoever resumes or merges the search compares this very list.
void AddSplitsAround(ExploreOptions& options) {
  std::vector<uint64_t>& splits = options.split_at;
  if (options.around.has_value()) {
    const std::vector<uint64_t> around =
        explorer::SplitsAround(*options.around);
    splits.insert(splits.end(), around.begin(), around.end());
  }
  std::sort(splits.begin(), splits.end());
  splits.erase(std::unique(splits.begin(), splits.end()), splits.end());
}

}  // namespace

absl::StatusOr<ExploreResult> Explore(const ExploreOptions& options) {
  ExploreOptions effective = options;
  if (effective.workers == 0) {
    effective.workers = explorer::CoreCount();
  }
  RETURN_IF_ERROR(CheckRange("workers", effective.workers, 1, 1024));
  RETURN_IF_ERROR(CheckRange("lag", effective.lag, 1, explorer::kMaxLag));
  RETURN_IF_ERROR(CheckRange("max_checkpoints", effective.max_checkpoints, 0,
                             explorer::kMaxCheckpoints / 2));
  if (effective.snapshot != "fork" && effective.snapshot != "rewind" &&
      effective.snapshot != "auto") {
    return absl::InvalidArgumentError(absl::StrCat(
        "snapshot is \"", effective.snapshot,
        "\"; use \"auto\", \"fork\" or \"rewind\""));
  }
  RETURN_IF_ERROR(explorer::CheckAround(effective));
  AddSplitsAround(effective);
  ASSIGN_OR_RETURN(auto policy, explorer::MakePolicy(effective.policy));
  ASSIGN_OR_RETURN(const Campaign* campaign,
                   FindCampaign(effective.campaign));
  ASSIGN_OR_RETURN(
      SimulationBuilder simulation,
      BuildCampaign(*campaign, CampaignParams(effective.parameters)));
  RETURN_IF_ERROR(CheckSingleThreaded());
  std::unique_ptr<SearchLog> log;
  if (!effective.log.empty()) {
    const SearchConfig config = explorer::ConfigOf(effective);
    const auto& entries = AssertionTable::Get().entries();
    ASSIGN_OR_RETURN(
        log, effective.resume
                 ? SearchLog::Resume(effective.log, config)
                 : SearchLog::Create(
                       effective.log, config,
                       std::vector<AssertionEntry>(entries.begin(),
                                                   entries.end())));
  }
  return explorer::Coordinator(effective, std::move(simulation),
                               std::move(policy), std::move(log))
      .Run();
}

}  // namespace moonpool
