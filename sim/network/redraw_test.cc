// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: what is on its way at a branch arrives at any moment that it could, by
// its chances, and nothing else of the network's promises changes. Method: one
// world, branched by many seeds while letters fly.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "sim/core/rng.h"
#include "sim/network/sim_network.h"
#include "sim/network/test_net.h"

namespace moonpool {
namespace {

// Letters take 1 to 11 ms.
constexpr double kLowMs = 1;
constexpr double kHighMs = 11;
NetworkOptions OneToElevenMs() {
  NetworkOptions options = Steady();
  options.latency = {absl::Milliseconds(1), absl::Milliseconds(11)};
  return options;
}

constexpr StreamKinds kNetwork = KindBit(StreamKind::kNetwork);

// A seed for these streams from now on.
void Branch(TestNet& net, uint64_t seed, StreamKinds streams = kNetwork) {
  net.world.random().SetBreakpoints(
      {{net.world.random().segment_draws(), seed, streams}});
  RandomStream(&net.world.random(), "test").Next();
}

struct Arrival {
  std::string bytes;
  double at_ms;
};

struct Flight {
  uint64_t seed = 1;  // of the world
  DatagramFaults faults = {};
  // The second leaves half a millisecond after the first.
  int letters = 1;
  double branch_at_ms = 5;
  std::optional<uint64_t> branch;
  StreamKinds streams = kNetwork;
};

std::vector<Arrival> Fly(const Flight& flight) {
  TestNet net(flight.seed, OneToElevenMs());
  Sockets sockets(net);
  net.network.SetDatagramFaults(kClientIp, kServerIp, flight.faults);
  for (int i = 0; i < flight.letters; ++i) {
    if (i > 0) net.RunFor(absl::Milliseconds(0.5));
    EXPECT_TRUE(
        Send(net, sockets.client.get(), kServerIp, absl::StrCat(i)).ok());
  }
  std::vector<Arrival> arrivals;
  auto note = [&] {
    for (size_t i = arrivals.size(); i < sockets.got.size(); ++i) {
      arrivals.push_back({sockets.got[i].bytes,
                          absl::ToDoubleMilliseconds(net.world.now())});
    }
  };
  Mark mark;
  net.world.Schedule(
      mark, static_cast<int64_t>(flight.branch_at_ms * 1e6) -
                net.world.now_ns());
  while (!mark.reached) {
    net.world.Turn();
    net.world.RunReady();
    note();
  }
  if (flight.branch.has_value()) Branch(net, *flight.branch, flight.streams);
  while (net.world.Turn()) {
    net.world.RunReady();
    note();
  }
  return arrivals;
}

// A world whose first letter is on its way still at the branch.
uint64_t SeedOfASlowLetter(Flight flight = {}) {
  for (;; ++flight.seed) {
    const std::vector<Arrival> arrivals = Fly(flight);
    if (!arrivals.empty() && arrivals[0].at_ms > flight.branch_at_ms) {
      return flight.seed;
    }
  }
}

TEST(Redraw, ADatagramArrivesUniformlyInWhatIsLeft) {
  const uint64_t seed = SeedOfASlowLetter();
  constexpr int kBranches = 3000;
  std::array<int, 6> per_ms = {};  // 5 .. 11 ms
  for (uint64_t branch = 1; branch <= kBranches; ++branch) {
    const std::vector<Arrival> arrivals = Fly({.seed = seed, .branch = branch});
    ASSERT_EQ(arrivals.size(), 1u);
    ASSERT_GT(arrivals[0].at_ms, 5);
    ASSERT_LE(arrivals[0].at_ms, kHighMs + 0.01);
    ++per_ms[std::min<size_t>(5, static_cast<size_t>(arrivals[0].at_ms - 5))];
  }
  for (const int count : per_ms) EXPECT_NEAR(count, kBranches / 6, 85);
}

TEST(Redraw, WhatHasArrivedStaysAndOtherStreamsLeaveItAlone) {
  const uint64_t slow = SeedOfASlowLetter();
  for (uint64_t seed = 1; seed <= slow; ++seed) {
    const double plain = Fly({.seed = seed})[0].at_ms;
    const double redrawn = Fly({.seed = seed, .branch = 7})[0].at_ms;
    EXPECT_EQ(redrawn == plain, plain <= 5);
    const StreamKinds others = kAllStreams & ~kNetwork;
    EXPECT_EQ(
        Fly({.seed = seed, .branch = 7, .streams = others})[0].at_ms, plain);
  }
}

TEST(Redraw, WhetherOneIsLostIsDecidedOnArrival) {
  const uint64_t seed = SeedOfASlowLetter({.faults = {.loss = {1, 4}}});
  int lost = 0;
  for (uint64_t branch = 1; branch <= 1000; ++branch) {
    if (Fly({.seed = seed, .faults = {.loss = {1, 4}}, .branch = branch})
            .empty()) {
      ++lost;
    }
  }
  EXPECT_NEAR(lost, 250, 55);
}

TEST(Redraw, DatagramsKeepTheirOrder) {
  const uint64_t seed = SeedOfASlowLetter({.letters = 6});
  for (uint64_t branch = 1; branch <= 200; ++branch) {
    const std::vector<Arrival> arrivals =
        Fly({.seed = seed, .letters = 6, .branch = branch});
    ASSERT_EQ(arrivals.size(), 6u);
    for (size_t i = 0; i < arrivals.size(); ++i) {
      EXPECT_EQ(arrivals[i].bytes, absl::StrCat(i));
      EXPECT_GT(arrivals[i].at_ms, 5);
    }
  }
}

// The second waits behind the first, and when that comes it comes at once or
// later, as if it had been alone: its own latency is a fresh one.
TEST(Redraw, TheSecondWaitsForTheFirstOrForItself) {
  const uint64_t seed = SeedOfASlowLetter({.letters = 2});
  constexpr int kBranches = 2000;
  int at_once = 0;
  for (uint64_t branch = 1; branch <= kBranches; ++branch) {
    const std::vector<Arrival> arrivals =
        Fly({.seed = seed, .letters = 2, .branch = branch});
    ASSERT_EQ(arrivals.size(), 2u);
    if (arrivals[1].at_ms == arrivals[0].at_ms) ++at_once;
  }
  // The first at x, uniform in 5 .. 11; the second's own at 1.5 .. 11.5.
  EXPECT_NEAR(at_once, kBranches * (8 - 1.5) / 10, 90);
}

TEST(Redraw, WhichOneIsLateIsDecidedAnew) {
  const Flight flight = {.faults = {.reorder = {1, 2}}, .letters = 2};
  const uint64_t seed = SeedOfASlowLetter(flight);
  int overtaken = 0;
  int beyond = 0;
  for (uint64_t branch = 1; branch <= 500; ++branch) {
    Flight other = flight;
    other.seed = seed;
    other.branch = branch;
    const std::vector<Arrival> arrivals = Fly(other);
    ASSERT_EQ(arrivals.size(), 2u);
    if (arrivals[0].bytes == "1") ++overtaken;
    if (arrivals[1].at_ms > kHighMs + 1) ++beyond;
  }
  EXPECT_GT(overtaken, 100);
  EXPECT_LT(overtaken, 400);
  EXPECT_GT(beyond, 250);
  EXPECT_LT(beyond, 499);
}

// Branches at the first draws of a connection, one after the other, also while
// a segment is about to be scheduled: no byte is lost or swapped.
TEST(Redraw, StreamsStayWhole) {
  const std::string sent = Pattern(300000);
  std::vector<absl::Duration> ends;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    TestNet net(1, OneToElevenMs());
    net.world.random().SetBreakpoints(
        {{seed, seed, kNetwork}, {seed % 3, seed + 100, kNetwork}});
    Pair pair(net);
    Draining draining(net, pair.server.get());
    Writing writing(net, pair.client.get(), sent);
    net.RunUntilDone(writing);
    pair.client.reset();
    net.Run();
    ASSERT_TRUE(draining.done());
    EXPECT_TRUE(draining.result->ok()) << *draining.result;
    EXPECT_TRUE(draining.got == sent);
    ends.push_back(draining.at);
  }
  std::sort(ends.begin(), ends.end());
  EXPECT_GT(std::unique(ends.begin(), ends.end()) - ends.begin(), 10);
}

TEST(Redraw, AStreamsFirstSegmentIsOneThatHasNotArrivedYet) {
  // A world in which the segment is on its way for more than four milliseconds.
  constexpr absl::Duration kElapsed = absl::Milliseconds(4);
  auto play = [&](uint64_t seed, std::optional<uint64_t> branch) {
    TestNet net(seed, OneToElevenMs());
    Pair pair(net);
    const absl::Duration begin = net.world.now();
    Reading reading(net, pair.server.get());
    Writing writing(net, pair.client.get(), "x");
    net.RunFor(kElapsed);
    if (reading.done()) return absl::ZeroDuration();
    if (branch.has_value()) Branch(net, *branch);
    net.Run();
    return reading.at - begin;
  };
  uint64_t seed = 1;
  while (play(seed, std::nullopt) == absl::ZeroDuration()) ++seed;
  constexpr int kBranches = 1400;
  std::array<int, 7> per_ms = {};  // 4 .. 11 ms
  for (uint64_t branch = 1; branch <= kBranches; ++branch) {
    const double ms = absl::ToDoubleMilliseconds(play(seed, branch));
    ASSERT_GT(ms, kLowMs + 3);
    ASSERT_LE(ms, kHighMs + 0.01);
    ++per_ms[std::min<size_t>(6, static_cast<size_t>(ms - 4))];
  }
  for (const int count : per_ms) EXPECT_NEAR(count, kBranches / 7, 55);
}

// As late as it can be, there is nothing to draw: it arrives when it would have.
TEST(Redraw, WhatIsDueArrives) {
  NetworkOptions options = Steady();
  options.latency = {absl::Milliseconds(3), absl::Milliseconds(3)};
  options.bandwidth_bits_per_second = 0;
  TestNet net(1, options);
  Pair pair(net);
  Sockets sockets(net);
  Reading reading(net, pair.server.get());
  const absl::Duration begin = net.world.now();
  // Fires first at the moment of the arrivals.
  Mark mark;
  net.world.Schedule(mark, 3'000'000);
  Writing writing(net, pair.client.get(), "x");
  ASSERT_TRUE(Send(net, sockets.client.get(), kServerIp, "x").ok());
  while (!mark.reached) ASSERT_TRUE(net.world.FireNext());
  Branch(net, 7);
  net.Run();
  EXPECT_EQ(reading.at - begin, absl::Milliseconds(3));
  EXPECT_EQ(sockets.got.size(), 1u);
}

}  // namespace
}  // namespace moonpool
