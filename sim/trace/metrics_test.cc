// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: quantiles keep their stated bound, merges do not depend on the order,
// and the stored form loses nothing. Method: comparison with sorted values
// drawn from fixed seeds.
#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/core/rng.h"
#include "sim/core/world.h"
#include "sim/trace/histogram.h"
#include "sim/trace/metrics.h"
#include "sim/trace/node_log.h"

namespace moonpool {
namespace {

using ::testing::HasSubstr;

TEST(HistogramTest, QuantilesAreAtMostOneSixtyFourthTooHigh) {
  World world{WorldOptions{.seed = 5}};
  RandomStream random(&world.random(), "test");
  for (const int bits : {3, 7, 10, 30, 63}) {
    Histogram histogram;
    std::vector<int64_t> values(1000);
    for (int64_t& value : values) {
      value = static_cast<int64_t>(random.Next() >> (64 - bits)) >>
              random.Below(static_cast<uint64_t>(bits));
      histogram.Record(value);
    }
    std::sort(values.begin(), values.end());
    for (uint64_t percent = 0; percent <= 100; ++percent) {
      const size_t rank = percent == 0 ? 0 : percent * 10 - 1;
      const int64_t exact = values[rank];
      const int64_t told = histogram.Quantile({percent, 100});
      ASSERT_GE(told, exact) << bits << " bits, " << percent << " %";
      ASSERT_LE(told - exact, exact / 64) << bits << " bits, " << percent;
    }
    EXPECT_EQ(histogram.min(), values.front());
    EXPECT_EQ(histogram.max(), values.back());
    EXPECT_EQ(Histogram::FromProto(histogram.ToProto()), histogram);
  }
}

TEST(HistogramTest, TheLargestAndNegativeValuesHaveTheirPlace) {
  Histogram histogram;
  EXPECT_EQ(histogram.Quantile({1, 2}), 0);
  histogram.Record(INT64_MAX);
  EXPECT_EQ(histogram.Quantile({1, 2}), INT64_MAX);
  histogram.Record(-7);
  EXPECT_EQ(histogram.min(), 0);
  histogram.Record(INT64_MAX, 100);
  EXPECT_EQ(histogram.sum(), ~uint64_t{0});
  EXPECT_EQ(Histogram::FromProto(histogram.ToProto()), histogram);
}

Metrics MetricsOf(uint64_t seed) {
  Metrics metrics;
  FaultCounts faults;
  for (uint64_t i = 0; i < seed; ++i) faults.Add(FaultFamily::kDiskStall);
  RecordRun({.events = 10 * seed,
             .draws = seed,
             .simulated_ns = static_cast<int64_t>(seed) * 1000,
             .faults = faults,
             .fsyncs = 3,
             .max_queue = static_cast<int64_t>(seed % 3)},
            metrics);
  metrics.histogram("latency_ns").Record(static_cast<int64_t>(seed * seed));
  metrics.Max("depth", -static_cast<int64_t>(seed));
  return metrics;
}

TEST(MetricsTest, MergesInAnyOrderAndGroupingAreEqual) {
  Metrics forwards;
  Metrics backwards;
  Metrics pairs;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    forwards.Merge(MetricsOf(seed));
    backwards.Merge(MetricsOf(9 - seed));
    if (seed % 2 == 0) {
      Metrics pair = MetricsOf(seed);
      pair.Merge(MetricsOf(seed - 1));
      pairs.Merge(pair);
    }
  }
  EXPECT_EQ(forwards, backwards);
  EXPECT_EQ(forwards, pairs);
  EXPECT_EQ(forwards.counter("runs"), 8u);
  EXPECT_EQ(forwards.counter("events"), 360u);
  EXPECT_EQ(forwards.counter("fault: disk stall"), 36u);
  EXPECT_EQ(forwards.counter("fault: clog"), 0u);
  EXPECT_EQ(forwards.maximum("pending events"), 2);
  EXPECT_EQ(forwards.maximum("depth"), -1);
  EXPECT_EQ(forwards.FindHistogram("events of a run")->max(), 80);
  EXPECT_EQ(Metrics::FromProto(forwards.ToProto()), forwards);
  std::string bytes;
  forwards.ToProto().SerializeToString(&bytes);
  MetricsProto parsed;
  ASSERT_TRUE(parsed.ParseFromString(bytes));
  EXPECT_EQ(Metrics::FromProto(parsed), forwards);
}

TEST(MetricsTest, TheTableHasATotalAndAShareOfEachRun) {
  Metrics metrics = MetricsOf(1);
  metrics.Merge(MetricsOf(3));
  const std::string table = metrics.ToString();
  EXPECT_THAT(
      table,
      HasSubstr("events                                             40        "
                "       20 a run\n"));
  EXPECT_THAT(
      table,
      HasSubstr("latency_ns                                  2              1"
                "              1              9              9\n"));
}

TEST(MetricsTest, RunsAreDescribedInTwoLines) {
  Metrics metrics;
  EXPECT_EQ(DescribeRuns(metrics), "");
  for (int i = 1; i <= 3; ++i) {
    RunTotals totals = {.events = 10u * i,
                        .simulated_ns = i * 1'000'000'000,
                        .bytes_sent = 100,
                        .bytes_written = 20,
                        .fsyncs = 2,
                        .max_queue = 7 - i,
                        .max_in_flight = i,
                        .max_disk_queue = 8};
    totals.faults.Add(FaultFamily::kClog);
    totals.faults.Add(FaultFamily::kDiskStall);
    RecordRun(totals, metrics);
  }
  EXPECT_EQ(DescribeRuns(metrics),
            // A quantile is at most 1/64 too high.
            "a run: 20 / 30 / 30 events, 2.013 / 3.000 / 3.000 s simulated "
            "(median / p99 / most)\n"
            "300 bytes sent, 60 written, 6 fsyncs, 6 faults; at most 6 events, "
            "3 segments, 8 operations of a disk pending\n");
}

TEST(MetricsTest, SpansAreRecordedWithTheirDuration) {
  World world{WorldOptions{}};
  EventSink sink(&world);
  NodeLog log(&sink, "node");
  Metrics metrics;
  {
    Subscription subscription = RecordSpans(sink, &metrics);
    log.StartSpan("append").End();
    Span crashed = log.StartSpan("append");
    World::TeardownScope teardown(&world);
    crashed.End();
  }
  log.StartSpan("append").End();
  EXPECT_EQ(metrics.FindHistogram("append span_ns")->count(), 1u);
  EXPECT_EQ(metrics.counter("append aborted"), 1u);
}

}  // namespace
}  // namespace moonpool
