// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// A committed job as the search's log keeps it.
#ifndef MOONPOOL_EXPLORER_SEARCH_LOG_CODEC_H_
#define MOONPOOL_EXPLORER_SEARCH_LOG_CODEC_H_

#include "absl/status/status.h"
#include "explorer/directory/log.pb.h"
#include "explorer/recipe/recipe.pb.h"
#include "explorer/search/explore.h"
#include "explorer/search/job.h"
#include "explorer/shared/region.h"
#include "sim/assertions/table.h"

namespace moonpool::explorer {

Violation ViolationOf(const ViolationRecord& record);
void ToRecord(const Violation& violation, ViolationRecord& record);

SearchConfig ConfigOf(const ExploreOptions& options);

// Whether the log has to mention the timeline by itself: it discovered or
// violated something, or died.
bool IsWorthMentioning(const JobSlot& slot);
// with_samples: a recipe was made of it.
LoggedTimeline ToLogged(const Job& job, const JobSlot& slot,
                        bool with_samples);

// The reverse, for a job whose result is taken from the log; null: it was not
// worth mentioning. Internal if another timeline was decided than was logged.
absl::Status FromLogged(const LoggedTimeline* logged, Job& job, JobSlot& slot);

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_LOG_CODEC_H_
