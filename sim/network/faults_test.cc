// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: each random fault happens as often as its ratio says, has its effect,
// is counted, and ends with SetFaults(NetworkFaults()). Method: rates over many
// operations with fixed seeds; without faults not a draw and not a count.
#include <bit>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sim/network/sim_network.h"
#include "sim/network/test_net.h"

namespace moonpool {
namespace {

// Writes bytes, and reads all of them.
std::string Transfer(TestNet& net, Pair& pair, absl::string_view bytes) {
  Draining draining(net, pair.server.get());
  Writing writing(net, pair.client.get(), bytes);
  net.Run();
  return draining.got;
}

// --- Off is off
// -----------------------------------------------------------------

TEST(NoFaults, NotADrawAndNotACountMore) {
  uint64_t draws[2];
  for (int round = 0; round < 2; ++round) {
    TestNet net(7, NetworkOptions());
    if (round == 1) net.network.SetFaults(NetworkFaults());
    for (int i = 0; i < 50; ++i) {
      Pair pair(net);
      ASSERT_EQ(Transfer(net, pair, Pattern(100000)).size(), 100000u);
      pair.listener.reset();
    }
    draws[round] = net.world.random().draws();
    EXPECT_EQ(net.world.faults().total(), 0u);
  }
  EXPECT_EQ(draws[0], draws[1]);
}

TEST(NoFaults, ADefaultNetworkConnectsEveryTime) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    TestNet net(seed, NetworkOptions());
    auto listener = Listen(net);
    Connecting connecting(net);
    net.Run();
    ASSERT_TRUE(connecting.result->ok()) << seed;
  }
}

// --- Connects
// -------------------------------------------------------------------

TEST(ConnectFailure, AlwaysFailRefusesAfterARoundTrip) {
  TestNet net;
  auto listener = Listen(net);
  NetworkFaults faults;
  faults.connect_failure_mode = ConnectFailureMode::kAlwaysFail;
  faults.connect_failure_chance = {1, 1};
  net.network.SetFaults(faults);
  Connecting connecting(net);
  net.Run();
  EXPECT_TRUE(IsRefused(connecting.result->status()));
  EXPECT_GE(connecting.at, absl::Microseconds(200));
  EXPECT_EQ(net.world.faults().of(FaultFamily::kConnectFailure), 1u);
  net.network.SetFaults(NetworkFaults());
  Connecting again(net);
  net.Run();
  EXPECT_TRUE(again.result->ok());
}

TEST(ConnectFailure, ProbabilisticRefusesOneHalfAndIgnoresTheOther) {
  TestNet net;
  auto listener = Listen(net);
  Accepting accepting(net, listener.get());
  NetworkFaults faults;
  faults.connect_failure_mode = ConnectFailureMode::kProbabilistic;
  faults.connect_failure_chance = {1, 2};
  net.network.SetFaults(faults);
  int good = 0, refused = 0, unanswered = 0;
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration start = net.world.now();
    Connecting connecting(net);
    Accepting next(net, listener.get());
    net.Run();
    if (connecting.result->ok()) {
      ++good;
    } else if (IsRefused(connecting.result->status())) {
      ++refused;
    } else {
      EXPECT_TRUE(IsTimedOut(connecting.result->status()));
      EXPECT_EQ(connecting.at - start, absl::Seconds(5));
      ++unanswered;
    }
  }
  EXPECT_NEAR(good, 500, 60);
  EXPECT_NEAR(refused, 250, 50);
  EXPECT_NEAR(unanswered, 250, 50);
  EXPECT_EQ(net.world.faults().of(FaultFamily::kConnectFailure),
            static_cast<uint64_t>(refused + unanswered));
}

TEST(ConnectFailure, TheCallersTimeoutEndsAnUnansweredConnect) {
  TestNet net;
  auto listener = Listen(net);
  NetworkFaults faults;
  faults.connect_failure_mode = ConnectFailureMode::kProbabilistic;
  faults.connect_failure_chance = {1, 1};
  net.network.SetFaults(faults);
  int timed_out = 0;
  for (int i = 0; i < 20; ++i) {
    Outcome<absl::Status> outcome;
    outcome.job = net.tasks.Spawn([&]() -> Task<void> {
      auto stream = co_await net.time.Timeout(absl::Milliseconds(50),
                                              net.client->Connect(kServerIp));
      outcome.result = stream.status();
    });
    net.Run();
    if (absl::IsDeadlineExceeded(*outcome.result)) ++timed_out;
  }
  EXPECT_GT(timed_out, 3);
  EXPECT_EQ(net.network.open_connections(), 0u);
  EXPECT_EQ(net.world.pending_events(), 0u);
}

// --- Bytes
// ----------------------------------------------------------------------

TEST(PartialIo, TransfersPiecesAndLosesNothing) {
  TestNet net;
  Pair pair(net);
  net.Run();
  NetworkFaults faults;
  faults.partial_io_chance = {1, 1};
  faults.partial_read_max_bytes = 700;
  faults.partial_write_max_bytes = 300;
  net.network.SetFaults(faults);
  const uint64_t before = net.network.segments_delivered();
  const std::string bytes = Pattern(100000);
  std::set<size_t> reads;
  std::string got;
  auto reader = net.tasks.Spawn([&]() -> Task<void> {
    std::string buffer(50000, '\0');
    for (;;) {
      auto count = co_await pair.server->Read(absl::MakeSpan(buffer));
      if (!count.ok() || *count == 0) co_return;
      EXPECT_LE(*count, 700u);
      reads.insert(*count);
      got.append(buffer, 0, *count);
    }
  });
  Writing writing(net, pair.client.get(), bytes);
  net.Run();
  EXPECT_TRUE(got == bytes);
  EXPECT_GT(reads.size(), 50u);
  // Pieces of 150 bytes on average.
  const uint64_t segments = net.network.segments_delivered() - before;
  EXPECT_NEAR(static_cast<double>(segments), 100000 / 150.5, 80);
  EXPECT_GT(net.world.faults().of(FaultFamily::kPartialIo), 500u);
  reader.Abort();
}

TEST(PartialIo, WriteSomeTakesAPart) {
  TestNet net;
  Pair pair(net);
  net.Run();
  auto write_some = [&](size_t size) {
    size_t taken = 0;
    net.tasks.Spawn([&]() -> Task<void> {
      const std::string bytes(size, 'x');
      auto count = co_await pair.client->WriteSome(bytes);
      EXPECT_TRUE(count.ok()) << count.status();
      taken = count.value_or(0);
    });
    net.RunFor(absl::ZeroDuration());
    return taken;
  };
  EXPECT_EQ(write_some(5000), 5000u);
  EXPECT_EQ(write_some(0), 0u);
  NetworkFaults faults;
  faults.partial_io_chance = {1, 1};
  net.network.SetFaults(faults);
  EXPECT_LT(write_some(5000), 1001u);
  net.network.SetFaults(NetworkFaults());
  // Nobody reads: the window and the send buffer hold 512 KiB in all.
  EXPECT_LT(write_some(1 << 20), size_t{512} << 10);
}

TEST(BitFlips, FollowTheLawOfTwoToTheMinusK) {
  TestNet net;
  Pair pair(net);
  net.Run();
  NetworkFaults faults;
  faults.bit_flip_chance = {1, 1};
  faults.bit_flip_min = 1;
  faults.bit_flip_max = 8;
  net.network.SetFaults(faults);
  constexpr int kRounds = 4000;
  int counts[9] = {};
  const std::string bytes(64, '\0');
  for (int i = 0; i < kRounds; ++i) {
    int bits = 0;
    Reading reading(net, pair.server.get());
    Writing writing(net, pair.client.get(), bytes);
    net.Run();
    for (char c : **reading.result) {
      bits += std::popcount(static_cast<unsigned char>(c));
    }
    ASSERT_GE(bits, 1);
    ASSERT_LE(bits, 8);
    ++counts[bits];
  }
  EXPECT_NEAR(counts[1], kRounds / 2, 130);
  EXPECT_NEAR(counts[2], kRounds / 4, 110);
  EXPECT_NEAR(counts[3], kRounds / 8, 90);
  EXPECT_NEAR(counts[8], kRounds / 128, 20);  // 8 and all beyond
  EXPECT_EQ(net.world.faults().of(FaultFamily::kBitFlip),
            static_cast<uint64_t>(kRounds));
}

TEST(BitFlips, KeepTheirRatioMinimumAndCooldown) {
  TestNet net;
  Pair pair(net);
  net.Run();
  NetworkFaults faults;
  faults.bit_flip_chance = {1, 10};
  faults.bit_flip_min = 20;
  net.network.SetFaults(faults);
  int flipped = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string got = Transfer(net, pair, std::string(1, '\0'));
    // 20 bits do not fit: all 8 flip.
    if (got[0] != '\0') EXPECT_EQ(got[0], '\xff');
    if (got[0] != '\0') ++flipped;
  }
  EXPECT_NEAR(flipped, 200, 50);
  faults.bit_flip_chance = {1, 1};
  faults.bit_flip_cooldown = absl::Seconds(1);
  net.network.SetFaults(faults);
  flipped = 0;
  for (int i = 0; i < 100; ++i) {
    if (Transfer(net, pair, std::string(1, '\0'))[0] != '\0') ++flipped;
    net.RunFor(absl::Milliseconds(100));
  }
  EXPECT_NEAR(flipped, 10, 1);
}

// --- Random close
// ---------------------------------------------------------------

TEST(RandomClose, OneThirdEachAndExplicitByItsRatio) {
  int receiving = 0, sending = 0, both = 0, fails = 0;
  constexpr int kSeeds = 900;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    TestNet net(seed);
    Pair pair(net);
    net.Run();
    NetworkFaults faults;
    faults.random_close_chance = {1, 1};  // once: then it cools down
    faults.random_close_explicit = {1, 2};
    net.network.SetFaults(faults);
    Writing first(net, pair.client.get(), "first");
    net.Run();
    ASSERT_TRUE(first.result->ok() || IsReset(*first.result));
    if (!first.result->ok()) ++fails;
    net.network.SetFaults(NetworkFaults());
    Writing second(net, pair.client.get(), "second");
    Writing down(net, pair.server.get(), "down");
    Reading reading(net, pair.client.get());
    net.Run();
    const bool can_send = second.result->ok();
    const bool can_receive = reading.done() && reading.result->ok();
    ASSERT_FALSE(can_send && can_receive) << seed;
    if (can_send) {
      ++receiving;
      EXPECT_TRUE(IsReset(reading.result->status()));
    } else if (can_receive) {
      ++sending;
      EXPECT_TRUE(IsReset(*second.result));
      EXPECT_EQ(**reading.result, "down");
    } else {
      ++both;
    }
    // Whatever it was: the peer never sees a clean end of half the bytes.
    Draining draining(net, pair.server.get());
    pair.client.reset();
    net.Run();
    ASSERT_TRUE(draining.done()) << seed;
    if (draining.result->ok()) {
      EXPECT_TRUE(can_send);
      EXPECT_TRUE(absl::EndsWith(draining.got, "second"));
    }
    EXPECT_EQ(net.world.faults().of(FaultFamily::kRandomClose), 1u);
  }
  EXPECT_NEAR(receiving, kSeeds / 3, 45);
  EXPECT_NEAR(sending, kSeeds / 3, 45);
  EXPECT_NEAR(both, kSeeds / 3, 45);
  // Closing the receiving side fails no write.
  EXPECT_NEAR(fails, kSeeds / 3, 50);
}

// --- Clogs and pair latency
// -----------------------------------------------------

TEST(RandomClogs, HoldWhatIsSentAndEndWithTheFaults) {
  TestNet net;
  Pair pair(net);
  net.Run();
  NetworkFaults faults;
  faults.clog_chance = {1, 4};
  net.network.SetFaults(faults);
  int late = 0;
  for (int i = 0; i < 400; ++i) {
    const absl::Duration start = net.world.now();
    Draining draining(net, pair.server.get());
    Writing writing(net, pair.client.get(), "x");
    net.Run();
    EXPECT_EQ(draining.got, "x");
    if (draining.at - start >= absl::Milliseconds(100)) ++late;
    EXPECT_LE(draining.at - start, absl::Milliseconds(301));
  }
  EXPECT_NEAR(late, 100, 30);
  EXPECT_EQ(net.world.faults().of(FaultFamily::kClog),
            static_cast<uint64_t>(late));
  faults.clog_chance = {1, 1};
  net.network.SetFaults(faults);
  Writing writing(net, pair.client.get(), "y");
  Draining draining(net, pair.server.get());
  net.RunFor(absl::Milliseconds(50));
  EXPECT_EQ(draining.got, "");
  net.network.SetFaults(NetworkFaults());
  net.RunFor(absl::Milliseconds(2));
  EXPECT_EQ(draining.got, "y");
  EXPECT_EQ(net.world.pending_events(), 0u);
}

TEST(PairLatency, IsConstantForTheRunAndGoesWithTheFaults) {
  auto connect_time = [](TestNet& net) {
    const absl::Duration start = net.world.now();
    Connecting connecting(net);
    net.Run();
    EXPECT_TRUE(connecting.result->ok());
    return connecting.at - start;
  };
  NetworkFaults faults;
  faults.max_pair_latency = absl::Milliseconds(90);
  std::set<int64_t> millis;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    TestNet net(seed);
    auto listener = Listen(net);
    net.network.SetFaults(faults);
    const absl::Duration first = connect_time(net);
    EXPECT_LE(first, absl::Milliseconds(182));
    net.network.SetFaults(faults);
    EXPECT_LE(absl::AbsDuration(connect_time(net) - first),
              absl::Milliseconds(2));
    net.network.SetFaults(NetworkFaults());
    EXPECT_LE(connect_time(net), absl::Milliseconds(2));
    millis.insert(absl::ToInt64Milliseconds(first));
    EXPECT_GE(net.world.faults().of(FaultFamily::kPairLatency), 2u);
  }
  EXPECT_GT(millis.size(), 12u);
}

}  // namespace
}  // namespace moonpool
