// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Contract of TCP: addresses, errors of binding and connecting, the two ends of
// a stream, closing.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "providers/base/status_macros.h"
#include "providers/conformance/conformance.h"

namespace moonpool {
namespace {

Task<absl::StatusOr<std::string>> ReadSome(Stream* stream) {
  std::string buffer(4096, '\0');
  CO_ASSIGN_OR_RETURN(const size_t count,
                      co_await stream->Read(absl::MakeSpan(buffer)));
  buffer.resize(count);
  co_return buffer;
}

Task<absl::StatusOr<std::string>> ReadToEnd(Stream* stream) {
  std::string all;
  for (;;) {
    CO_ASSIGN_OR_RETURN(std::string some, co_await ReadSome(stream));
    if (some.empty()) co_return all;
    all += some;
  }
}

Task<absl::StatusOr<std::string>> ReadExactly(Stream* stream, size_t size) {
  std::string buffer(size, '\0');
  CO_RETURN_IF_ERROR(co_await stream->ReadFull(absl::MakeSpan(buffer)));
  co_return buffer;
}

Task<absl::Status> WriteAndCloseWrite(Stream* stream, std::string bytes) {
  CO_RETURN_IF_ERROR(co_await stream->Write(bytes));
  stream->CloseWrite();
  co_return absl::OkStatus();
}

using Text = absl::StatusOr<std::string>;

TEST_P(NetworkConformance, EchoBothWays) {
  ConformancePair pair;
  Run([&]() -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(co_await Connect(&pair));
    CO_RETURN_IF_ERROR(co_await pair.client->Write("ping"));
    EXPECT_EQ(co_await ReadExactly(pair.server.get(), 4), Text("ping"));
    CO_RETURN_IF_ERROR(co_await pair.server->Write("pong!"));
    EXPECT_EQ(co_await ReadExactly(pair.client.get(), 5), Text("pong!"));
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkConformance, AddressesOfTheEndsAgree) {
  ConformancePair pair;
  Run([&]() -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(co_await Connect(&pair));
    EXPECT_EQ(pair.listener->local_address(),
              absl::StrCat(world().ip(1), ":", kDefaultPort));
    EXPECT_EQ(pair.client->peer_address(), pair.listener->local_address());
    EXPECT_EQ(pair.server->local_address(), pair.listener->local_address());
    EXPECT_EQ(pair.server->peer_address(), pair.peer);
    EXPECT_EQ(pair.client->local_address(), pair.peer);
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkConformance, PortZeroBindsAFreePort) {
  Run([&]() -> Task<absl::Status> {
    const std::string any = absl::StrCat(world().ip(1), ":0");
    CO_ASSIGN_OR_RETURN(auto one, co_await b().network().Bind(any));
    CO_ASSIGN_OR_RETURN(auto two, co_await b().network().Bind(any));
    EXPECT_NE(one->local_address(), two->local_address());
    EXPECT_FALSE(absl::EndsWith(one->local_address(), ":0"));
    CO_ASSIGN_OR_RETURN(auto stream,
                        co_await a().network().Connect(one->local_address()));
    EXPECT_EQ(stream->peer_address(), one->local_address());
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkConformance, NobodyListeningIsRefused) {
  Run([&]() -> Task<absl::Status> {
    auto stream = co_await a().network().Connect(world().ip(1));
    EXPECT_TRUE(absl::IsUnavailable(stream.status())) << stream.status();
    EXPECT_TRUE(absl::StrContains(stream.status().message(), "refused"))
        << stream.status();
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkConformance, AnAddressIsInUseUntilItsListenerIsDestroyed) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(auto first, co_await b().network().Bind(world().ip(1)));
    auto second = co_await b().network().Bind(world().ip(1));
    EXPECT_TRUE(absl::IsAlreadyExists(second.status())) << second.status();
    first.reset();
    CO_ASSIGN_OR_RETURN(first, co_await b().network().Bind(world().ip(1)));
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkConformance, MalformedAddressesAreInvalid) {
  Run([&]() -> Task<absl::Status> {
    const std::vector<std::string> addresses = {
        "",
        ":",
        absl::StrCat(world().ip(1), ":"),
        absl::StrCat(world().ip(1), ":99999"),
        absl::StrCat(world().ip(1), ":-1"),
        absl::StrCat(world().ip(1), ":80x")};
    for (const std::string& address : addresses) {
      auto listener = co_await b().network().Bind(address);
      EXPECT_TRUE(absl::IsInvalidArgument(listener.status()))
          << "\"" << address << "\": " << listener.status();
      auto stream = co_await a().network().Connect(address);
      EXPECT_TRUE(absl::IsInvalidArgument(stream.status()))
          << "\"" << address << "\": " << stream.status();
    }
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkConformance, ClosingDeliversWhatWasWrittenThenTheEnd) {
  ConformancePair pair;
  Run([&]() -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(co_await Connect(&pair));
    const std::string bytes = ConformanceBytes(10000);
    CO_RETURN_IF_ERROR(co_await pair.client->Write(bytes));
    pair.client.reset();
    EXPECT_TRUE(co_await ReadToEnd(pair.server.get()) == Text(bytes));
    // And again.
    EXPECT_EQ(co_await ReadSome(pair.server.get()), Text(""));
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkConformance, HalfCloseLeavesTheOtherDirectionOpen) {
  ConformancePair pair;
  Run([&]() -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(co_await Connect(&pair));
    CO_RETURN_IF_ERROR(co_await pair.client->Write("request"));
    pair.client->CloseWrite();
    EXPECT_EQ(co_await ReadToEnd(pair.server.get()), Text("request"));
    CO_RETURN_IF_ERROR(co_await pair.server->Write("answer"));
    pair.server->CloseWrite();
    EXPECT_EQ(co_await ReadToEnd(pair.client.get()), Text("answer"));
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkConformance, ReadFullTellsOfAnEarlyEnd) {
  ConformancePair pair;
  Run([&]() -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(co_await Connect(&pair));
    CO_RETURN_IF_ERROR(co_await pair.client->Write("abc"));
    pair.client->CloseWrite();
    const Text bytes = co_await ReadExactly(pair.server.get(), 4);
    EXPECT_TRUE(absl::IsOutOfRange(bytes.status())) << bytes.status();
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkConformance, WritesOfAllSizesArriveWholeInBothDirections) {
  ConformancePair pair;
  Run([&]() -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(co_await Connect(&pair));
    const std::vector<size_t> sizes = {1,     2,     999,    4096,   65535,
                                       65536, 65537, 262144, 1 << 20};
    for (const size_t size : sizes) {
      const std::string up = ConformanceBytes(size, 1);
      const std::string down = ConformanceBytes(size, 2);
      const auto write = [](Stream* stream,
                            absl::string_view bytes) -> Task<absl::Status> {
        co_return co_await stream->Write(bytes);
      };
      JoinHandle upload =
          tasks().Spawn(write, pair.client.get(), absl::string_view(up));
      JoinHandle download =
          b().tasks().Spawn(write, pair.server.get(), absl::string_view(down));
      const Text got_up = co_await ReadExactly(pair.server.get(), size);
      const Text got_down = co_await ReadExactly(pair.client.get(), size);
      CO_RETURN_IF_ERROR(co_await upload.Join());
      CO_RETURN_IF_ERROR(co_await download.Join());
      EXPECT_TRUE(got_up == Text(up)) << size << " bytes";
      EXPECT_TRUE(got_down == Text(down)) << size << " bytes";
    }
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkConformance, AWriterWaitsForItsReader) {
  ConformancePair pair;
  Run([&]() -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(co_await Connect(&pair));
    // More than any system buffers.
    const std::string bytes = ConformanceBytes(32 << 20);
    JoinHandle writer =
        tasks().Spawn(WriteAndCloseWrite, pair.client.get(), bytes);
    co_await time().Sleep(absl::Milliseconds(50));
    EXPECT_FALSE(writer.is_finished());
    EXPECT_TRUE(co_await ReadToEnd(pair.server.get()) == Text(bytes));
    co_return co_await writer.Join();
  });
}

TEST_P(NetworkConformance, ReadReturnsWhatIsThere) {
  ConformancePair pair;
  Run([&]() -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(co_await Connect(&pair));
    CO_RETURN_IF_ERROR(co_await pair.client->Write("x"));
    // It does not wait for the buffer to be full.
    EXPECT_EQ(co_await ReadSome(pair.server.get()), Text("x"));
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkConformance, AnAbandonedReadLosesNothing) {
  ConformancePair pair;
  Run([&]() -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(co_await Connect(&pair));
    const Text nothing = co_await time().Timeout(absl::Milliseconds(2),
                                                 ReadSome(pair.server.get()));
    EXPECT_TRUE(absl::IsDeadlineExceeded(nothing.status())) << nothing.status();
    CO_RETURN_IF_ERROR(co_await pair.client->Write("whole"));
    EXPECT_EQ(co_await ReadExactly(pair.server.get(), 5), Text("whole"));
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkConformance, AnAbandonedAcceptLosesNothing) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(auto listener,
                        co_await b().network().Bind(world().ip(1)));
    const auto nobody =
        co_await b().time().Timeout(absl::Milliseconds(2), listener->Accept());
    EXPECT_TRUE(absl::IsDeadlineExceeded(nobody.status())) << nobody.status();
    CO_ASSIGN_OR_RETURN(
        auto client, co_await a().network().Connect(listener->local_address()));
    CO_ASSIGN_OR_RETURN(Accepted accepted, co_await listener->Accept());
    EXPECT_EQ(accepted.peer, client->local_address());
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkConformance, ConnectionsAreIndependent) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(auto listener,
                        co_await b().network().Bind(world().ip(1)));
    constexpr int kConnections = 10;
    std::vector<std::unique_ptr<Stream>> clients;
    std::vector<Accepted> servers;
    for (int i = 0; i < kConnections; ++i) {
      CO_ASSIGN_OR_RETURN(auto client, co_await a().network().Connect(
                                           listener->local_address()));
      clients.push_back(std::move(client));
      CO_ASSIGN_OR_RETURN(Accepted accepted, co_await listener->Accept());
      servers.push_back(std::move(accepted));
      CO_RETURN_IF_ERROR(co_await clients.back()->Write(absl::StrCat("c", i)));
    }
    // A stream outlives its listener.
    listener.reset();
    for (int i = kConnections - 1; i >= 0; --i) {
      EXPECT_EQ(co_await ReadExactly(servers[i].stream.get(), 2),
                Text(absl::StrCat("c", i)));
    }
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkConformance, ConnectionsNotAcceptedAreResetWithTheListener) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(auto listener,
                        co_await b().network().Bind(world().ip(1)));
    CO_ASSIGN_OR_RETURN(
        auto client, co_await a().network().Connect(listener->local_address()));
    co_await time().Sleep(absl::Milliseconds(20));
    listener.reset();
    const Text bytes = co_await ReadSome(client.get());
    EXPECT_TRUE(absl::IsUnavailable(bytes.status())) << bytes.status();
    co_return absl::OkStatus();
  });
}

}  // namespace
}  // namespace moonpool
