// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: streams repeat from their seed and are independent; a reseeded run is
// its recipe. Method: recipes replayed against the run that made them, and
// statistical laws with fixed seeds (so that they cannot flake).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "providers/random.h"
#include "sim/core/rng.h"
#include "sim/core/testing_core.h"
#include "sim/core/trace_hash.h"

namespace moonpool {
namespace {

std::vector<uint64_t> Take(Random* random, size_t count) {
  std::vector<uint64_t> values;
  for (size_t i = 0; i < count; ++i) values.push_back(random->Next());
  return values;
}

struct Streams {
  explicit Streams(uint64_t seed, std::vector<Breakpoint> breakpoints = {})
      : source(seed, &trace) {
    source.SetBreakpoints(std::move(breakpoints));
  }
  TraceHash trace;
  RandomSource source;
  RandomStream a{&source, "a"};
  RandomStream b{&source, "b"};
  RandomStream b2{&source, "b", 2};
  RandomStream fixed{&source, "fixed", 0, RandomStream::Kind::kFixed};
};

TEST(Rng, SameSeedSameValues) {
  Streams x(1), y(1), z(2);
  const auto values = Take(&x.a, 100);
  EXPECT_EQ(values, Take(&y.a, 100));
  EXPECT_NE(values, Take(&z.a, 100));
  const auto configuration = Take(&x.fixed, 9);
  EXPECT_EQ(configuration, Take(&y.fixed, 9));
  EXPECT_NE(configuration, Take(&z.fixed, 9));
  EXPECT_EQ(x.trace.value(), y.trace.value());
  EXPECT_NE(x.trace.value(), z.trace.value());
}

TEST(Rng, StreamsAreIndependent) {
  Streams x(1), y(1);
  Take(&y.a, 1);  // one draw more in one stream
  Take(&y.fixed, 1);
  RandomStream unused(&y.source, "c");
  EXPECT_EQ(Take(&x.b, 50), Take(&y.b, 50));
  EXPECT_EQ(Take(&x.b2, 50), Take(&y.b2, 50));
  // Names and entities give different streams.
  Streams z(1);
  const auto a = Take(&z.a, 4), b = Take(&z.b, 4), b2 = Take(&z.b2, 4);
  EXPECT_NE(a, b);
  EXPECT_NE(b, b2);
  EXPECT_NE(a, Take(&z.fixed, 4));
}

TEST(Rng, CountsDrawsOfExploredStreamsOnly) {
  Streams x(1);
  Take(&x.a, 3);
  Take(&x.b, 2);
  Take(&x.fixed, 7);
  EXPECT_EQ(x.source.draws(), 5u);
  EXPECT_EQ(x.source.segment_draws(), 5u);
  x.source.SetBreakpoints({{5, 9}});
  Take(&x.a, 2);
  EXPECT_EQ(x.source.draws(), 7u);
  EXPECT_EQ(x.source.segment_draws(), 2u);
  EXPECT_EQ(x.source.root_seed(), 1u);
}

TEST(Rng, BreakpointsMayBeForSomeKindsOfStreamsOnly) {
  struct Kinds : Streams {
    using Streams::Streams;
    RandomStream network{&source, "network", 0, StreamKind::kNetwork};
    RandomStream faults{&source, "faults", 0, StreamKind::kFaults};
    std::array<std::vector<uint64_t>, 4> TakeInTurns() {
      std::array<std::vector<uint64_t>, 4> taken;
      for (int i = 0; i < 6; ++i) {
        taken[0].push_back(a.Next());
        taken[1].push_back(network.Next());
        taken[2].push_back(faults.Next());
        taken[3].push_back(fixed.Next());
      }
      return taken;
    }
  };
  // Nine draws are three rounds.
  const StreamKinds chosen = KindBit(StreamKind::kFaults);
  Kinds plain(1);
  Kinds faults_only(1, {{9, 7, chosen}});
  Kinds all(1, {{9, 7}});
  EXPECT_EQ(plain.source.drawn_kinds(), 0);
  const auto before = plain.TakeInTurns();
  EXPECT_EQ(plain.source.drawn_kinds(), chosen | KindBit(StreamKind::kNetwork) |
                                            KindBit(StreamKind::kWorkload));
  const auto scoped = faults_only.TakeInTurns();
  const auto after = all.TakeInTurns();
  EXPECT_EQ(scoped[0], before[0]);
  EXPECT_EQ(scoped[1], before[1]);
  EXPECT_EQ(scoped[2], after[2]);
  EXPECT_NE(scoped[2], before[2]);
  EXPECT_NE(after[1], before[1]);
  EXPECT_EQ(scoped[3], before[3]);
  EXPECT_EQ(after[3], before[3]);

  // A later breakpoint for all leaves nothing of the earlier ones; a stream
  // that draws for the first time has its kind's seed.
  Kinds both(1, {{9, 7, chosen}, {3, 8}});
  Kinds late(1, {{12, 8}});
  const auto x = both.TakeInTurns();
  const auto y = late.TakeInTurns();
  for (int i : {0, 1, 2}) {
    EXPECT_TRUE(std::equal(x[i].begin() + 4, x[i].end(), y[i].begin() + 4));
  }
  RandomStream new_here(&faults_only.source, "new", 0, StreamKind::kFaults);
  RandomStream new_there(&all.source, "new", 0, StreamKind::kFaults);
  EXPECT_EQ(new_here.Next(), new_there.Next());
}

TEST(Rng, EachCallIsOneDraw) {
  Streams x(1);
  x.a.Below(1);
  x.a.Range(int64_t{5}, int64_t{5});
  x.a.Range(absl::Seconds(1), absl::Seconds(2));
  x.a.Chance({0, 1});
  x.a.Weighted({1, 2, 3});
  x.a.Unit();
  x.a.Pick(std::vector<int>{1});
  EXPECT_EQ(x.source.draws(), 7u);
}

TEST(Rng, BreakpointsApplyAtTheirCounts) {
  // 5@A -> 0@B -> 3@C: A rules no draw at all.
  Streams replay(1, {{5, 0xA}, {0, 0xB}, {3, 0xC}});
  EXPECT_TRUE(replay.source.has_pending_breakpoints());
  Streams root(1);
  EXPECT_EQ(Take(&replay.a, 5), Take(&root.a, 5));
  Streams branch(0xB);  // a segment starts its streams afresh
  EXPECT_EQ(Take(&replay.a, 2), Take(&branch.a, 2));
  EXPECT_EQ(Take(&replay.b, 1), Take(&branch.b, 1));
  Streams last(0xC);
  EXPECT_EQ(Take(&replay.b, 9), Take(&last.b, 9));
  EXPECT_EQ(Take(&replay.a, 9), Take(&last.a, 9));
  EXPECT_FALSE(replay.source.has_pending_breakpoints());
  EXPECT_EQ(replay.source.segment_draws(), 18u);
  EXPECT_EQ(replay.source.draws(), 26u);
  // Configuration does not branch.
  Streams again(1);
  EXPECT_EQ(Take(&replay.fixed, 9), Take(&again.fixed, 9));
}

TEST(Rng, BranchesOnTheSpotEqualTheirReplay) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Streams plan(seed ^ 0x5555);  // decides how this case looks
    Streams live(seed);
    std::vector<uint64_t> values;
    std::vector<Breakpoint> recipe;
    std::vector<int> which;
    auto draw = [](Streams* s, int stream) {
      return stream == 0   ? s->a.Next()
             : stream == 1 ? s->b.Next()
             : stream == 2 ? s->b2.Next()
                           : s->fixed.Next();
    };
    const uint64_t segments = plan.a.Below(5);
    for (uint64_t segment = 0; segment <= segments; ++segment) {
      // With the first counted draw it branches.
      for (uint64_t i = 0, count = 1 + plan.a.Below(6); i < count; ++i) {
        which.push_back(plan.a.Below(i == 0 ? 3 : 4));
        values.push_back(draw(&live, which.back()));
      }
      if (segment == segments) break;
      const uint64_t reseed = plan.a.Next();
      recipe.push_back({live.source.segment_draws(), reseed});
      live.source.SetBreakpoints({recipe.back()});
    }
    Streams replay(seed, recipe);
    for (size_t i = 0; i < which.size(); ++i) {
      ASSERT_EQ(draw(&replay, which[i]), values[i]) << seed << ": draw " << i;
    }
    ASSERT_EQ(replay.trace.value(), live.trace.value());
  }
}

TEST(Rng, RecipeWithinASegmentCountsFromItsStart) {
  Streams x(1);
  Take(&x.a, 3);
  x.source.SetBreakpoints({{5, 0xA}});
  Take(&x.a, 2);
  Streams branch(0xA);
  EXPECT_EQ(Take(&x.a, 4), Take(&branch.a, 4));
}

// Sets the breakpoint that is due at each number where it is told.
class BranchingWatcher final : public DrawWatcher {
 public:
  explicit BranchingWatcher(RandomSource* source) : source_(source) {}
  uint64_t OnDraws(uint64_t draws) override {
    told.push_back(draws);
    if (draws == 5) source_->SetBreakpoints({{source_->segment_draws(), 0xA}});
    return draws < 7 ? draws + 2 : kNever;
  }
  std::vector<uint64_t> told;

 private:
  RandomSource* source_;
};

TEST(Rng, AWatcherIsToldBeforeTheDrawAndMayBranchThere) {
  Streams plain(1, {{2, 0xB}, {3, 0xA}});
  Streams watched(1, {{2, 0xB}});
  BranchingWatcher watcher(&watched.source);
  watched.source.Watch(&watcher, 1);
  EXPECT_EQ(watched.source.pending_breakpoints(), 1u);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(watched.a.Next(), plain.a.Next()) << i;
    EXPECT_EQ(watched.b.Next(), plain.b.Next()) << i;
  }
  EXPECT_EQ(watcher.told, (std::vector<uint64_t>{1, 3, 5, 7}));
  EXPECT_EQ(watched.source.pending_breakpoints(), 0u);
}

TEST(RngDeathTest, Misuse) {
  Streams x(1, {{5, 0xA}});
  EXPECT_DEATH(x.source.SetBreakpoints({}), "already");
  Streams y(1);
  Take(&y.a, 3);
  y.source.SetBreakpoints({{2, 0xA}});
  EXPECT_DEATH(y.a.Next(), "past");
}

TEST(Rng, IsUniform) {
  Streams x(2026);
  for (RandomStream* stream : {&x.a, &x.b2, &x.fixed}) {
    std::array<int, 10> tens = {};
    std::array<int, 256> low_bytes = {}, high_bytes = {};
    for (int i = 0; i < 256000; ++i) {
      const uint64_t value = stream->Next();
      ++low_bytes[value & 255];
      ++high_bytes[value >> 56];
      ++tens[stream->Below(10)];
    }
    EXPECT_LT(ChiSquare(tens), 33.7);        // 9 degrees, p = 0.0001
    EXPECT_LT(ChiSquare(low_bytes), 347.7);  // 255 degrees, p = 0.0001
    EXPECT_LT(ChiSquare(high_bytes), 347.7);
  }
  // First draws over entities, as fresh streams are common.
  std::array<int, 10> first = {};
  for (uint64_t entity = 0; entity < 20000; ++entity) {
    ++first[RandomStream(&x.source, "entity", entity).Below(10)];
  }
  EXPECT_LT(ChiSquare(first), 33.7);
}

}  // namespace
}  // namespace moonpool
