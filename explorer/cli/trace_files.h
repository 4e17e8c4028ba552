// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The events of a timeline, in files: what --trace and --log ask for.
#ifndef MOONPOOL_EXPLORER_CLI_TRACE_FILES_H_
#define MOONPOOL_EXPLORER_CLI_TRACE_FILES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "sim/trace/event_ring.h"

namespace moonpool {

// Where the events of a timeline that comes to its end are written; empty:
// nowhere.
struct TraceFiles {
  std::string perfetto;  // for ui.perfetto.dev
  std::string log;       // text

  bool any() const { return !perfetto.empty() || !log.empty(); }
  // Before the work: could they be written?
  absl::Status Check() const;
  // end_ns: when the timeline ended.
  absl::Status Write(const EventRing& ring, int64_t end_ns) const;
};

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CLI_TRACE_FILES_H_
