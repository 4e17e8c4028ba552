// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Metrics: the numbers of one run; merged, those of many. Counters are added,
// maxima and histograms joined, so that the merge of all seeds is the same in
// whatever order workers deliver them.
//
//   Metrics metrics;
//   RecordRun({.events = world.events(), …}, metrics);
//   Subscription latencies = RecordSpans(sink, &metrics);
//   metrics.histogram("commit latency_ns").Record(elapsed_ns);
//   total.Merge(metrics);
//
// Names end with their unit where they have one. Everything is simulated and
// so repeats with the seed, except what is named wall_ns.
#ifndef MOONPOOL_SIM_TRACE_METRICS_H_
#define MOONPOOL_SIM_TRACE_METRICS_H_

#include <cstdint>
#include <string>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "sim/core/fault.h"
#include "sim/trace/event_sink.h"
#include "sim/trace/histogram.h"
#include "sim/trace/metrics.pb.h"

namespace moonpool {

class Metrics {
 public:
  template <typename Value>
  using Named = absl::btree_map<std::string, Value, std::less<>>;

  // Counters stop at 2^64 - 1.
  void Add(absl::string_view name, uint64_t delta = 1);
  void Max(absl::string_view name, int64_t value);
  // Made when first asked for. Holds until the next one is made.
  Histogram& histogram(absl::string_view name);

  // 0 if nothing was recorded under that name.
  uint64_t counter(absl::string_view name) const;
  int64_t maximum(absl::string_view name) const;
  const Histogram* FindHistogram(absl::string_view name) const;

  void Merge(const Metrics& other);
  MetricsProto ToProto() const;
  static Metrics FromProto(const MetricsProto& proto);
  // A table for people; with several runs, counters also per run.
  std::string ToString() const;

  friend bool operator==(const Metrics&, const Metrics&) = default;

 private:
  Named<uint64_t> counters_;
  Named<int64_t> maxima_;
  Named<Histogram> histograms_;
};

// What the runner knows of a run.
struct RunTotals {
  uint64_t events = 0;
  uint64_t draws = 0;
  int64_t simulated_ns = 0;
  int64_t wall_ns = 0;
  FaultCounts faults;
  uint64_t bytes_sent = 0;     // that arrived over streams
  uint64_t bytes_written = 0;  // to disks
  uint64_t fsyncs = 0;
  // The longest queues at any time.
  int64_t max_queue = 0;       // events pending
  int64_t max_in_flight = 0;   // segments of streams
  int64_t max_disk_queue = 0;  // operations of one disk
};

// Counts the run: the counters "runs", "events", "draws", "simulated_ns",
// "wall_ns", "bytes sent", "bytes written", "fsyncs" and "fault: FAMILY" for
// each family that occurred; the maxima "pending events", "segments in flight"
// and "pending disk operations"; and the distributions over runs "events of a
// run", "simulated_ns of a run" and "wall_ns of a run".
void RecordRun(const RunTotals& totals, Metrics& metrics);
// What RecordRun has recorded, in two lines for people; of the faults only how
// many there were, and nothing of real time. "" without runs.
std::string DescribeRuns(const Metrics& metrics);

// Records how long each span takes as "NAME span_ns"; aborted ones only count
// as "NAME aborted". The metrics outlive the subscription.
Subscription RecordSpans(EventSink& sink, Metrics* metrics);

}  // namespace moonpool

#endif  // MOONPOOL_SIM_TRACE_METRICS_H_
