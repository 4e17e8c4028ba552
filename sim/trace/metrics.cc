// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/trace/metrics.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/trace/saturating.h"

namespace moonpool {
namespace {

template <typename Value>
Value& At(Metrics::Named<Value>& values, absl::string_view name) {
  const auto at = values.find(name);
  return at != values.end() ? at->second : values[std::string(name)];
}

template <typename Value>
const Value* Find(const Metrics::Named<Value>& values, absl::string_view name) {
  const auto at = values.find(name);
  return at == values.end() ? nullptr : &at->second;
}

}  // namespace

void Metrics::Add(absl::string_view name, uint64_t delta) {
  uint64_t& counter = At(counters_, name);
  counter = SaturatingAdd(counter, delta);
}

void Metrics::Max(absl::string_view name, int64_t value) {
  const auto [at, is_new] = maxima_.try_emplace(std::string(name), value);
  if (!is_new) at->second = std::max(at->second, value);
}

Histogram& Metrics::histogram(absl::string_view name) {
  return At(histograms_, name);
}

uint64_t Metrics::counter(absl::string_view name) const {
  const uint64_t* counter = Find(counters_, name);
  return counter == nullptr ? 0 : *counter;
}

int64_t Metrics::maximum(absl::string_view name) const {
  const int64_t* maximum = Find(maxima_, name);
  return maximum == nullptr ? 0 : *maximum;
}

const Histogram* Metrics::FindHistogram(absl::string_view name) const {
  return Find(histograms_, name);
}

void Metrics::Merge(const Metrics& other) {
  for (const auto& [name, value] : other.counters_) Add(name, value);
  for (const auto& [name, value] : other.maxima_) Max(name, value);
  for (const auto& [name, value] : other.histograms_) {
    histogram(name).Merge(value);
  }
}

MetricsProto Metrics::ToProto() const {
  MetricsProto proto;
  for (const auto& [name, value] : counters_) {
    MetricsProto::Counter* counter = proto.add_counters();
    counter->set_name(name);
    counter->set_value(value);
  }
  for (const auto& [name, value] : maxima_) {
    MetricsProto::Maximum* maximum = proto.add_maxima();
    maximum->set_name(name);
    maximum->set_value(value);
  }
  for (const auto& [name, value] : histograms_) {
    MetricsProto::Distribution* distribution = proto.add_distributions();
    distribution->set_name(name);
    *distribution->mutable_histogram() = value.ToProto();
  }
  return proto;
}

Metrics Metrics::FromProto(const MetricsProto& proto) {
  Metrics metrics;
  for (const auto& counter : proto.counters()) {
    metrics.Add(counter.name(), counter.value());
  }
  for (const auto& maximum : proto.maxima()) {
    metrics.Max(maximum.name(), maximum.value());
  }
  for (const auto& distribution : proto.distributions()) {
    metrics.histogram(distribution.name())
        .Merge(Histogram::FromProto(distribution.histogram()));
  }
  return metrics;
}

std::string Metrics::ToString() const {
  const uint64_t runs = counter("runs");
  std::string text;
  for (const auto& [name, value] : counters_) {
    absl::StrAppendFormat(&text, "%-32s %20d", name, value);
    if (runs > 1 && name != "runs") {
      absl::StrAppendFormat(&text, " %16d a run", value / runs);
    }
    absl::StrAppend(&text, "\n");
  }
  for (const auto& [name, value] : maxima_) {
    absl::StrAppendFormat(&text, "%-32s %20d at most\n", name, value);
  }
  if (histograms_.empty()) return text;
  absl::StrAppendFormat(&text, "%-32s %12s %14s %14s %14s %14s\n", "", "count",
                        "min", "p50", "p99", "max");
  for (const auto& [name, value] : histograms_) {
    absl::StrAppendFormat(&text, "%-32s %12d %14d %14d %14d %14d\n", name,
                          value.count(), value.min(), value.Quantile({1, 2}),
                          value.Quantile({99, 100}), value.max());
  }
  return text;
}

void RecordRun(const RunTotals& totals, Metrics& metrics) {
  metrics.Add("runs");
  metrics.Add("events", totals.events);
  metrics.Add("draws", totals.draws);
  metrics.Add("simulated_ns", static_cast<uint64_t>(totals.simulated_ns));
  metrics.Add("wall_ns", static_cast<uint64_t>(totals.wall_ns));
  metrics.Add("bytes sent", totals.bytes_sent);
  metrics.Add("bytes written", totals.bytes_written);
  metrics.Add("fsyncs", totals.fsyncs);
  for (size_t i = 0; i < kFaultFamilies; ++i) {
    const auto family = static_cast<FaultFamily>(i);
    if (totals.faults.of(family) == 0) continue;
    metrics.Add(absl::StrCat("fault: ", FaultFamilyName(family)),
                totals.faults.of(family));
  }
  metrics.Max("pending events", totals.max_queue);
  metrics.Max("segments in flight", totals.max_in_flight);
  metrics.Max("pending disk operations", totals.max_disk_queue);
  metrics.histogram("events of a run")
      .Record(static_cast<int64_t>(totals.events));
  metrics.histogram("simulated_ns of a run").Record(totals.simulated_ns);
  metrics.histogram("wall_ns of a run").Record(totals.wall_ns);
}

std::string DescribeRuns(const Metrics& metrics) {
  const Histogram* events = metrics.FindHistogram("events of a run");
  const Histogram* simulated = metrics.FindHistogram("simulated_ns of a run");
  if (events == nullptr || simulated == nullptr) return "";
  constexpr Ratio kMedian = {1, 2};
  constexpr Ratio kNearlyAll = {99, 100};
  uint64_t faults = 0;
  for (size_t i = 0; i < kFaultFamilies; ++i) {
    faults += metrics.counter(
        absl::StrCat("fault: ", FaultFamilyName(static_cast<FaultFamily>(i))));
  }
  return absl::StrFormat(
      "a run: %d / %d / %d events, %.3f / %.3f / %.3f s simulated "
      "(median / p99 / most)\n"
      "%d bytes sent, %d written, %d fsyncs, %d faults; at most %d events, "
      "%d segments, %d operations of a disk pending\n",
      events->Quantile(kMedian), events->Quantile(kNearlyAll), events->max(),
      simulated->Quantile(kMedian) * 1e-9,
      simulated->Quantile(kNearlyAll) * 1e-9, simulated->max() * 1e-9,
      metrics.counter("bytes sent"), metrics.counter("bytes written"),
      metrics.counter("fsyncs"), faults, metrics.maximum("pending events"),
      metrics.maximum("segments in flight"),
      metrics.maximum("pending disk operations"));
}

Subscription RecordSpans(EventSink& sink, Metrics* metrics) {
  return sink.SubscribeAll([metrics](const TraceEvent& event) {
    if (event.type != EventType::kSpanEnd) return;
    if (event.Int("aborted") != 0) {
      metrics->Add(absl::StrCat(event.name, " aborted"));
      return;
    }
    metrics->histogram(absl::StrCat(event.name, " span_ns"))
        .Record(event.duration_ns);
  });
}

}  // namespace moonpool
