// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: equal runs have equal traces, and unequal ones differ. Method: a busy
// program run twice; each kind of word in another order.
#include <gtest/gtest.h>

#include <cstdint>
#include <set>

#include "sim/core/testing_core.h"
#include "sim/core/trace_hash.h"

namespace moonpool {
namespace {

TEST(Trace, SameSeedSameTrace) {
  const BusyRun a(1, 50), b(1, 50), c(2, 50), d(1, 51), e(1, 50, true);
  auto trace = [](const BusyRun& run) {
    return const_cast<BusyRun&>(run).world.trace().value();
  };
  EXPECT_EQ(trace(a), trace(b));
  EXPECT_NE(trace(a), trace(c));
  EXPECT_NE(trace(a), trace(d));
  EXPECT_NE(trace(a), trace(e));
}

TEST(Trace, SamplesAreFewSpreadAndRepeat) {
  for (int length : {1, 10, 100, 1000, 5000}) {
    BusyRun a(7, length), b(7, length);
    const TraceHash& x = a.world.trace();
    const TraceHash& y = b.world.trace();
    ASSERT_LE(x.sample_count(), TraceHash::kMaxSamples);
    ASSERT_EQ(x.sample_count(), y.sample_count());
    const uint64_t events = a.world.events();
    if (events > 100 * TraceHash::kMaxSamples) {
      EXPECT_GE(x.sample_count(), TraceHash::kMaxSamples / 2);
    }
    uint64_t last = 0;
    for (size_t i = 0; i < x.sample_count(); ++i) {
      EXPECT_EQ(x.samples()[i].events, y.samples()[i].events);
      EXPECT_EQ(x.samples()[i].draws, y.samples()[i].draws);
      EXPECT_EQ(x.samples()[i].hash, y.samples()[i].hash);
      EXPECT_GT(x.samples()[i].events, last);
      // No gap is much longer than its fair share.
      EXPECT_LE(x.samples()[i].events - last, 16 + events / 16);
      last = x.samples()[i].events;
    }
  }
}

TEST(Trace, OrderMatters) {
  TraceHash a, b;
  a.Add(1), a.Add(2);
  b.Add(2), b.Add(1);
  EXPECT_NE(a.value(), b.value());
}

TEST(Trace, DrawsCountWhereTheyAre) {
  constexpr uint64_t kA = 0x9E3779B97F4A7C15, kB = 0xD1B54A32D192ED03;
  TraceHash ab, ba, a_word_b, word_ab, none;
  ab.AddDraw(kA, 0), ab.AddDraw(kB, 1), ab.Add(7);
  ba.AddDraw(kB, 0), ba.AddDraw(kA, 1), ba.Add(7);
  a_word_b.AddDraw(kA, 0), a_word_b.Add(7), a_word_b.AddDraw(kB, 1);
  word_ab.Add(7), word_ab.AddDraw(kA, 0), word_ab.AddDraw(kB, 1);
  none.Add(7);
  const std::set<uint64_t> values = {ab.value(), ba.value(), a_word_b.value(),
                                     word_ab.value(), none.value()};
  EXPECT_EQ(values.size(), 5u);
}

}  // namespace
}  // namespace moonpool
