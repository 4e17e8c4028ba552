// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The events of a ring as a Perfetto trace, a file for ui.perfetto.dev.
//
//   WriteFileAtomically("run.pftrace", PerfettoTrace(ring, {.end_ns = now}));
//
// Each node is a process, in the order of first appearance. On its own track
// are boots and crashes; below it a track of faults (category "fault"), one of
// log events, a curve for each gauge, and for each task that has spans as many
// tracks as it has at once, "task 7" and "task 7, 2": a span lies within its
// parent if that is of the same task and ended later, else on the first track
// that is free. Spans outside any task lie on "spans". Events of a span lie on
// its track. A span that is open at the end is closed there ("open" = true);
// one whose begin the ring has dropped begins where it did, without the fields
// of its begin.
#ifndef MOONPOOL_SIM_TRACE_PERFETTO_WRITER_H_
#define MOONPOOL_SIM_TRACE_PERFETTO_WRITER_H_

#include <cstdint>
#include <string>

#include "absl/container/btree_map.h"
#include "sim/trace/event_ring.h"

namespace moonpool {

struct PerfettoOptions {
  // When the run ended; the last event's time if that is later.
  int64_t end_ns = 0;
  // Names to show with the addresses: {"10.0.1.2", "server"}.
  absl::btree_map<std::string, std::string> node_names;
};

// The bytes of the file. Times are simulated. Equal rings give equal bytes.
std::string PerfettoTrace(const EventRing& ring,
                          const PerfettoOptions& options = {});

}  // namespace moonpool

#endif  // MOONPOOL_SIM_TRACE_PERFETTO_WRITER_H_
