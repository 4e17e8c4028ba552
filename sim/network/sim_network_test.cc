// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the network behaves as TCP between hosts does, and asserts it by its
// effects: what arrived, when, and which error. Method: two machines in a world
// whose latency is 0.1 to 0.8 ms, small tasks as actors. partition_test.cc has
// partitions and crashes, lifetime_test.cc repetition and destruction.
#include "sim/network/sim_network.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "providers/random.h"
#include "sim/core/rng.h"
#include "sim/network/test_net.h"

namespace moonpool {
namespace {

constexpr absl::Duration kLow = absl::Microseconds(100);
constexpr absl::Duration kHigh = absl::Microseconds(800);

// --- Connecting -------------------------------------------------------------

TEST(Connect, TakesARoundTrip) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    TestNet net(seed);
    auto listener = Listen(net);
    Connecting connecting(net);
    net.Run();
    ASSERT_TRUE(connecting.result->ok()) << connecting.result->status();
    EXPECT_GE(connecting.at, 2 * kLow);
    EXPECT_LE(connecting.at, 2 * kHigh);
  }
}

TEST(Connect, IsRefusedAfterARoundTripIfNobodyListens) {
  TestNet net;
  Connecting connecting(net, "10.0.1.2:99");
  net.Run();
  EXPECT_TRUE(IsRefused(connecting.result->status()))
      << connecting.result->status();
  EXPECT_GE(connecting.at, 2 * kLow);
  EXPECT_LE(connecting.at, 2 * kHigh);
  EXPECT_EQ(net.network.open_connections(), 0u);
}

TEST(Connect, IsRefusedAfterTheListenerIsGone) {
  TestNet net;
  auto listener = Listen(net);
  listener.reset();
  Connecting connecting(net);
  net.Run();
  EXPECT_TRUE(IsRefused(connecting.result->status()));
}

TEST(Connect, RejectsMalformedAddresses) {
  for (std::string address :
       {"", "10.0.1", "10.0.1.2:", "10.0.1.256", "10.0.1.2:65536",
        "host:", "10.0.1.02", "10.0.1.2:1:2", " 10.0.1.2", "10.0.1.2:0"}) {
    TestNet net;
    Connecting connecting(net, address);
    net.Run();
    EXPECT_TRUE(absl::IsInvalidArgument(connecting.result->status()))
        << address;
    EXPECT_EQ(net.world.now(), absl::ZeroDuration());
  }
}

TEST(Connect, GivesTheClientAnAddressThatTheServerSees) {
  TestNet net;
  auto listener = Listen(net, "10.0.1.2:80");
  EXPECT_EQ(listener->local_address(), "10.0.1.2:80");
  Accepting first(net, listener.get());
  Connecting connecting(net, "10.0.1.2:80");
  net.Run();
  Stream& client = ***connecting.result;
  EXPECT_EQ(client.local_address(), "10.0.1.1:32768");
  EXPECT_EQ(client.peer_address(), "10.0.1.2:80");
  EXPECT_EQ((*first.result)->peer, "10.0.1.1:32768");
  EXPECT_EQ((*first.result)->stream->peer_address(), "10.0.1.1:32768");
  EXPECT_EQ((*first.result)->stream->local_address(), "10.0.1.2:80");
  Connecting second(net, "10.0.1.2:80");
  net.Run();
  EXPECT_EQ((**second.result)->local_address(), "10.0.1.1:32769");
}

TEST(Connect, TwoConnectsGiveTwoAccepts) {
  TestNet net;
  auto listener = Listen(net);
  Connecting one(net), two(net);
  net.Run();
  EXPECT_TRUE(one.result->ok());
  EXPECT_TRUE(two.result->ok());
  Accepting first(net, listener.get()), second(net, listener.get());
  net.Run();
  ASSERT_TRUE(first.done());
  ASSERT_TRUE(second.done());
  EXPECT_NE((*first.result)->peer, (*second.result)->peer);
}

TEST(Connect, DroppingItMidwayFreesEverything) {
  TestNet net;
  auto listener = Listen(net);
  Accepting accepting(net, listener.get());
  {
    Connecting connecting(net);
    net.world.Turn();
    EXPECT_EQ(net.network.open_connections(), 1u);
  }
  EXPECT_EQ(net.network.open_connections(), 0u);
  net.Run();
  EXPECT_FALSE(accepting.done());
}

TEST(Backlog, DropsTheSynUntilThereIsRoom) {
  NetworkOptions options = Steady();
  options.backlog = 2;
  TestNet net(1, options);
  auto listener = Listen(net);
  Connecting one(net), two(net);
  net.RunFor(absl::Milliseconds(10));
  Connecting three(net);
  net.RunFor(absl::Milliseconds(500));
  EXPECT_TRUE(one.done() && two.done());
  EXPECT_FALSE(three.done());
  Accepting accepting(net, listener.get());
  net.Run();
  ASSERT_TRUE(accepting.done());
  ASSERT_TRUE(three.result->ok()) << three.result->status();
  // It came through with the first retransmission.
  EXPECT_GE(three.at, absl::Milliseconds(1010));
  EXPECT_LE(three.at, absl::Milliseconds(1020));
}

TEST(Backlog, FullForLongTimesOut) {
  NetworkOptions options = Steady();
  options.backlog = 1;
  TestNet net(1, options);
  auto listener = Listen(net);
  Connecting one(net);
  net.Run();
  const absl::Duration start = net.world.now();
  Connecting two(net);
  net.Run();
  EXPECT_TRUE(IsTimedOut(two.result->status())) << two.result->status();
  EXPECT_EQ(two.at - start, absl::Seconds(5));
}

// --- Listening --------------------------------------------------------------

TEST(Bind, RefusesAnAddressInUseAndFreesItWithTheListener) {
  TestNet net;
  auto listener = Listen(net);
  net.tasks.Spawn([&]() -> Task<void> {
    EXPECT_TRUE(absl::IsAlreadyExists(
        (co_await net.server->Bind("10.0.1.2:4500")).status()));
    EXPECT_TRUE((co_await net.server->Bind("10.0.1.2:4501")).ok());
    listener.reset();
    EXPECT_TRUE((co_await net.server->Bind("10.0.1.2")).ok());
  });
  net.Run();
}

TEST(Bind, OnlyTakesTheMachinesOwnAddress) {
  TestNet net;
  net.tasks.Spawn([&]() -> Task<void> {
    EXPECT_TRUE(absl::IsInvalidArgument(
        (co_await net.server->Bind("10.0.1.1")).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(
        (co_await net.server->Bind("10.0.1.2:x")).status()));
    auto any = co_await net.server->Bind("10.0.1.2:0");
    EXPECT_EQ((*any)->local_address(), "10.0.1.2:32768");
  });
  net.Run();
}

TEST(Listener, ResetsWhatNobodyAccepted) {
  TestNet net;
  auto listener = Listen(net);
  Connecting connecting(net);
  net.Run();
  Stream* client = (**connecting.result).get();
  Reading reading(net, client);
  net.Run();
  EXPECT_FALSE(reading.done());
  listener.reset();
  net.Run();
  EXPECT_TRUE(IsReset(reading.result->status())) << reading.result->status();
}

// --- Data -------------------------------------------------------------------

TEST(Data, ArrivesInOrderWhateverTheSizes) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    NetworkOptions options;  // with slow segments
    options.slow_chance = Ratio{1, 10};
    TestNet net(seed, options);
    Pair pair(net);
    RandomStream random(&net.world.random(), "test");
    std::string sent;
    net.tasks.Spawn([&]() -> Task<void> {
      for (int i = 0; i < 300; ++i) {
        const size_t size = size_t{1} << random.Below(17);
        const std::string bytes = Pattern(random.Below(size) + 1, i);
        sent += bytes;
        EXPECT_TRUE((co_await pair.client->Write(bytes)).ok());
        if (random.Chance(Ratio{1, 4})) {
          co_await net.time.Sleep(
              random.Range(absl::ZeroDuration(), absl::Milliseconds(2)));
        }
      }
      pair.client->CloseWrite();
    });
    std::string got;
    net.tasks.Spawn([&]() -> Task<void> {
      for (;;) {
        std::string buffer(random.Below(50000) + 1, '\0');
        auto count = co_await pair.server->Read(absl::MakeSpan(buffer));
        EXPECT_TRUE(count.ok());
        if (!count.ok() || *count == 0) co_return;
        got.append(buffer, 0, *count);
        if (random.Chance(Ratio{1, 8})) {
          co_await net.time.Sleep(
              random.Range(absl::ZeroDuration(), absl::Milliseconds(2)));
        }
      }
    });
    net.Run();
    ASSERT_EQ(got.size(), sent.size());
    EXPECT_TRUE(got == sent);
    net.tasks.Clear();
  }
}

TEST(Data, EachSegmentOfABurstHasItsLatency) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    TestNet net(seed);
    Pair pair(net);
    const absl::Duration start = net.world.now();
    Writing a(net, pair.client.get(), "a"), b(net, pair.client.get(), "b"),
        c(net, pair.client.get(), "c");
    absl::Duration previous = start;
    std::string got;
    while (got.size() < 3) {
      Reading reading(net, pair.server.get());
      ASSERT_TRUE(net.RunUntilDone(reading));
      got += **reading.result;
      EXPECT_GE(reading.at - start, kLow);
      EXPECT_LE(reading.at - start, kHigh);
      EXPECT_GE(reading.at, previous);
      previous = reading.at;
    }
  }
}

TEST(Data, EachSegmentOfALargeWriteHasItsLatency) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    TestNet net(seed);
    Pair pair(net);
    const absl::Duration start = net.world.now();
    const std::string sent = Pattern(200000, seed);  // 4 segments at once
    Writing writing(net, pair.client.get(), sent);
    std::string got;
    while (got.size() < sent.size()) {
      Reading reading(net, pair.server.get());
      ASSERT_TRUE(net.RunUntilDone(reading));
      got += **reading.result;
      EXPECT_GE(reading.at - start, kLow);
    }
  }
}

TEST(Data, AllSizesComplete) {
  for (size_t size : {size_t{1}, size_t{64} << 10, (size_t{64} << 10) + 1,
                      size_t{1} << 20, size_t{16} << 20}) {
    TestNet net;
    Pair pair(net);
    const std::string sent = Pattern(size);
    Writing writing(net, pair.client.get(), sent);
    Draining draining(net, pair.server.get());
    net.Run();
    ASSERT_TRUE(writing.done()) << size;
    EXPECT_TRUE(writing.result->ok());
    pair.client.reset();
    net.Run();
    ASSERT_TRUE(draining.done());
    EXPECT_TRUE(draining.result->ok());
    EXPECT_TRUE(draining.got == sent) << size;
  }
}

TEST(Data, AWriterWaitsForAReader) {
  TestNet net;
  Pair pair(net);
  const size_t room = 2 * 256 * 1024;  // the peer's window and our buffer
  const std::string fits = Pattern(room);
  Writing first(net, pair.client.get(), fits);
  net.Run();
  EXPECT_TRUE(first.done());
  Writing second(net, pair.client.get(), "x");
  net.Run();
  EXPECT_FALSE(second.done());
  Draining draining(net, pair.server.get());
  net.Run();
  ASSERT_TRUE(second.done());
  EXPECT_TRUE(second.result->ok());
  EXPECT_TRUE(draining.got == fits + "x");
}

TEST(Data, AnUnreadFloodOfSmallWritesArrivesWhole) {
  TestNet net;
  Pair pair(net);
  std::string sent;
  net.tasks.Spawn([&]() -> Task<void> {
    for (int i = 0; i < 10000; ++i) {
      const std::string byte(1, static_cast<char>(i * 7));
      sent += byte;
      EXPECT_TRUE((co_await pair.client->Write(byte)).ok());
    }
  });
  net.Run();
  Reading reading(net, pair.server.get(), 20000);
  net.Run();
  EXPECT_TRUE(**reading.result == sent);
}

// --- Closing ----------------------------------------------------------------

TEST(Close, EndOfStreamComesAfterTheData) {
  TestNet net;
  Pair pair(net);
  const std::string sent = Pattern(400000);
  Writing writing(net, pair.client.get(), sent);
  net.Run();
  ASSERT_TRUE(writing.done());
  pair.client.reset();  // 144 KiB still wait for the window
  Draining draining(net, pair.server.get());
  net.Run();
  ASSERT_TRUE(draining.done());
  EXPECT_TRUE(draining.result->ok());
  EXPECT_TRUE(draining.got == sent);
  pair.server.reset();
  net.Run();
  EXPECT_EQ(net.network.open_connections(), 0u);
  EXPECT_EQ(net.world.pending_events(), 0u);
}

TEST(Close, HalfCloseLeavesTheOtherDirectionOpen) {
  TestNet net;
  Pair pair(net);
  pair.client->CloseWrite();
  Reading end(net, pair.server.get());
  net.Run();
  EXPECT_EQ(**end.result, "");
  Writing refused(net, pair.client.get(), "late");
  Writing answer(net, pair.server.get(), "answer");
  Reading reading(net, pair.client.get());
  net.Run();
  EXPECT_TRUE(absl::IsFailedPrecondition(*refused.result));
  EXPECT_EQ(**reading.result, "answer");
}

TEST(Close, WritingToAClosedStreamIsReset) {
  TestNet net;
  Pair pair(net);
  pair.server.reset();
  net.Run();
  Reading end(net, pair.client.get());
  Writing lost(net, pair.client.get(), "lost");
  net.Run();
  EXPECT_EQ(**end.result, "");
  EXPECT_TRUE(lost.result->ok());
  Writing after(net, pair.client.get(), "after");
  net.Run();
  EXPECT_TRUE(IsReset(*after.result)) << *after.result;
}

TEST(Close, ABlockedWriterWakesWhenThePeerCloses) {
  TestNet net;
  Pair pair(net);
  const std::string much = Pattern(2 << 20);
  Writing writing(net, pair.client.get(), much);
  net.Run();
  EXPECT_FALSE(writing.done());
  pair.server.reset();
  net.Run();
  ASSERT_TRUE(writing.done());
  EXPECT_TRUE(IsReset(*writing.result)) << *writing.result;
}

TEST(Close, PortsAreFreeAgainAndNothingIsLeft) {
  TestNet net;
  auto listener = Listen(net);
  for (int i = 0; i < 40000; ++i) {  // more than there are ephemeral ports
    Connecting connecting(net);
    ASSERT_TRUE(net.RunUntilDone(connecting));
    ASSERT_TRUE(connecting.result->ok()) << i;
    Accepting accepting(net, listener.get());
    ASSERT_TRUE(net.RunUntilDone(accepting));
  }
  net.Run();
  EXPECT_EQ(net.network.open_connections(), 0u);
}

}  // namespace
}  // namespace moonpool
