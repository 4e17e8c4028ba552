// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What the network's tests share: a world with two machines, and operations
// whose outcome and time are kept for the test to look at.
#ifndef MOONPOOL_SIM_NETWORK_TEST_NET_H_
#define MOONPOOL_SIM_NETWORK_TEST_NET_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "providers/base/hash.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/network.h"
#include "providers/time.h"
#include "sim/core/world.h"
#include "sim/network/sim_network.h"

namespace moonpool {

inline constexpr char kClientIp[] = "10.0.1.1";
inline constexpr char kServerIp[] = "10.0.1.2";

// No slow segments, so that tests can state bounds.
inline NetworkOptions Steady() {
  NetworkOptions options;
  options.slow_chance = Ratio{0, 1};
  return options;
}

// Bytes without a period, so that a hole or a swap shows.
inline std::string Pattern(size_t size, uint64_t salt = 0) {
  std::string bytes(size, '\0');
  for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
    const uint64_t word = Combine64(salt, at);
    std::memcpy(bytes.data() + at, &word, std::min(sizeof(word), size - at));
  }
  return bytes;
}

inline bool IsReset(const absl::Status& status) {
  return absl::IsUnavailable(status) &&
         absl::StrContains(status.message(), "reset");
}
inline bool IsTimedOut(const absl::Status& status) {
  return absl::IsUnavailable(status) &&
         absl::StrContains(status.message(), "timed out");
}
inline bool IsRefused(const absl::Status& status) {
  return absl::IsUnavailable(status) &&
         absl::StrContains(status.message(), "refused");
}

struct Mark final : TimedEvent {
  void Fire() override { reached = true; }
  bool reached = false;
};

struct TestNet {
  explicit TestNet(uint64_t seed = 1, NetworkOptions options = Steady())
      : world(WorldOptions{.seed = seed}),
        time(&world),
        network(&world, options),
        client(network.MakeProvider(kClientIp)),
        server(network.MakeProvider(kServerIp)) {}

  void Run() {
    while (world.Turn()) {
    }
  }
  // Until an Outcome is there; returns whether it is.
  template <typename Outcome>
  bool RunUntilDone(const Outcome& outcome) {
    while (!outcome.done() && world.Turn()) {
    }
    return outcome.done();
  }
  // To the moment itself: a task would see it only in the next turn, which
  // fires another event.
  void RunFor(absl::Duration duration) {
    Mark mark;
    world.Schedule(mark, absl::ToInt64Nanoseconds(duration));
    while (!mark.reached) world.Turn();
  }

  World world;
  SimTime time;
  SimNetwork network;
  std::unique_ptr<Network> client;
  std::unique_ptr<Network> server;
  TaskSet tasks;
};

// The outcome of an operation that runs on its own. Declare it after the
// TestNet and what the operation uses.
template <typename T>
struct Outcome {
  std::optional<T> result;
  absl::Duration at;  // when it was done
  JoinHandle job;

  Outcome() = default;
  Outcome(const Outcome&) = delete;
  ~Outcome() { job.Abort(); }
  bool done() const { return result.has_value(); }
};

struct Connecting : Outcome<absl::StatusOr<std::unique_ptr<Stream>>> {
  Connecting(TestNet& net, std::string address = kServerIp) {
    job = net.tasks.Spawn([this, &net, address]() -> Task<void> {
      result.emplace(co_await net.client->Connect(address));
      at = net.world.now();
    });
  }
};
struct Accepting : Outcome<absl::StatusOr<Accepted>> {
  Accepting(TestNet& net, Listener* listener) {
    job = net.tasks.Spawn([this, &net, listener]() -> Task<void> {
      result.emplace(co_await listener->Accept());
      at = net.world.now();
    });
  }
};
struct Writing : Outcome<absl::Status> {
  Writing(TestNet& net, Stream* stream, absl::string_view bytes) {
    job = net.tasks.Spawn([this, &net, stream, bytes]() -> Task<void> {
      result.emplace(co_await stream->Write(bytes));
      at = net.world.now();
    });
  }
};
// One Read of up to max bytes.
struct Reading : Outcome<absl::StatusOr<std::string>> {
  Reading(TestNet& net, Stream* stream, size_t max = 65536) {
    job = net.tasks.Spawn([this, &net, stream, max]() -> Task<void> {
      std::string buffer(max, '\0');
      auto count = co_await stream->Read(absl::MakeSpan(buffer));
      at = net.world.now();
      if (count.ok()) {
        result.emplace(buffer.substr(0, *count));
      } else {
        result.emplace(count.status());
      }
    });
  }
};
// Reads to the end of the stream; got grows meanwhile.
struct Draining : Outcome<absl::Status> {
  std::string got;
  Draining(TestNet& net, Stream* stream) {
    job = net.tasks.Spawn([this, &net, stream]() -> Task<void> {
      std::string buffer(100000, '\0');
      for (;;) {
        auto count = co_await stream->Read(absl::MakeSpan(buffer));
        at = net.world.now();
        if (!count.ok() || *count == 0) {
          result.emplace(count.status());
          co_return;
        }
        got.append(buffer, 0, *count);
      }
    });
  }
};

inline std::unique_ptr<Listener> Listen(TestNet& net,
                                        std::string address = kServerIp) {
  std::unique_ptr<Listener> listener;
  net.tasks.Spawn([&]() -> Task<void> {
    auto bound = co_await net.server->Bind(address);
    EXPECT_TRUE(bound.ok()) << bound.status();
    if (bound.ok()) listener = std::move(*bound);
  });
  net.RunFor(absl::ZeroDuration());
  return listener;
}

// An established connection.
struct Pair {
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Stream> client;
  std::unique_ptr<Stream> server;

  explicit Pair(TestNet& net) : listener(Listen(net)) {
    Accepting accepting(net, listener.get());
    Connecting connecting(net);
    EXPECT_TRUE(net.RunUntilDone(accepting) && net.RunUntilDone(connecting));
    client = std::move(**connecting.result);
    server = std::move((*accepting.result)->stream);
  }
};

// A socket for datagrams.
inline std::unique_ptr<DatagramSocket> Socket(TestNet& net, Network* network,
                                              std::string address) {
  std::unique_ptr<DatagramSocket> socket;
  net.tasks.Spawn([&]() -> Task<void> {
    auto bound = co_await network->BindDatagram(address);
    EXPECT_TRUE(bound.ok()) << bound.status();
    if (bound.ok()) socket = std::move(*bound);
  });
  net.RunFor(absl::ZeroDuration());
  return socket;
}

// Two sockets; every datagram the server gets.
struct Sockets {
  std::unique_ptr<DatagramSocket> client;
  std::unique_ptr<DatagramSocket> server;
  std::vector<Datagram> got;
  absl::Status end;
  JoinHandle job;

  explicit Sockets(TestNet& net)
      : client(Socket(net, net.client.get(), "10.0.1.1:0")),
        server(Socket(net, net.server.get(), kServerIp)) {
    Receive(net);
  }
  ~Sockets() { job.Abort(); }
  void Receive(TestNet& net) {
    job = net.tasks.Spawn([this]() -> Task<void> {
      for (;;) {
        auto datagram = co_await server->Receive();
        end = datagram.status();
        if (!datagram.ok()) co_return;
        got.push_back(*std::move(datagram));
      }
    });
  }
};

inline absl::Status Send(TestNet& net, DatagramSocket* socket,
                         std::string address, std::string bytes) {
  absl::Status status = absl::UnknownError("did not return");
  net.tasks.Spawn([&]() -> Task<void> {
    status = co_await socket->SendTo(address, bytes);
  });
  net.RunFor(absl::ZeroDuration());
  return status;
}

}  // namespace moonpool

#endif  // MOONPOOL_SIM_NETWORK_TEST_NET_H_
