// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Contract of the rest of the network: partial writes, aborts, keepalive,
// datagrams, names.
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

Task<absl::StatusOr<std::string>> ReadExactly(Stream* stream, size_t size) {
  std::string buffer(size, '\0');
  CO_RETURN_IF_ERROR(co_await stream->ReadFull(absl::MakeSpan(buffer)));
  co_return buffer;
}

Task<absl::Status> WriteInPieces(Stream* stream, std::string bytes) {
  absl::string_view rest = bytes;
  while (!rest.empty()) {
    CO_ASSIGN_OR_RETURN(const size_t count, co_await stream->WriteSome(rest));
    if (count == 0 || count > rest.size()) {
      co_return absl::InternalError(
          absl::StrCat(count, " of ", rest.size(), " bytes written"));
    }
    rest.remove_prefix(count);
  }
  co_return absl::OkStatus();
}

using Text = absl::StatusOr<std::string>;

TEST_P(NetworkExtendedConformance, WriteSomeTakesWhatFits) {
  ConformancePair pair;
  Run([&]() -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(co_await Connect(&pair));
    // More than any system buffers: it cannot all be taken at once.
    const std::string bytes = ConformanceBytes(32 << 20);
    CO_ASSIGN_OR_RETURN(const size_t first,
                        co_await pair.client->WriteSome(bytes));
    EXPECT_GE(first, 1u);
    EXPECT_LT(first, bytes.size());
    JoinHandle writer =
        tasks().Spawn(WriteInPieces, pair.client.get(), bytes.substr(first));
    co_await time().Sleep(absl::Milliseconds(50));
    EXPECT_FALSE(writer.is_finished());
    EXPECT_TRUE(co_await ReadExactly(pair.server.get(), bytes.size()) ==
                Text(bytes));
    co_return co_await writer.Join();
  });
}

TEST_P(NetworkExtendedConformance, AbortResetsThePeer) {
  ConformancePair pair;
  Run([&]() -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(co_await Connect(&pair));
    JoinHandle reader = b().tasks().Spawn([&]() -> Task<absl::Status> {
      co_return (co_await ReadExactly(pair.server.get(), 1)).status();
    });
    co_await time().Sleep(absl::Milliseconds(2));
    pair.client->Abort();
    const absl::Status status = co_await reader.Join();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "reset")) << status;
    EXPECT_FALSE((co_await pair.client->Write("x")).ok());
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkExtendedConformance, KeepaliveLeavesALivingPeerAlone) {
  ConformancePair pair;
  Run([&]() -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(co_await Connect(&pair));
    pair.client->SetKeepalive(absl::Seconds(1));
    pair.server->SetKeepalive(absl::Seconds(1));
    co_await time().Sleep(absl::Seconds(4));
    CO_RETURN_IF_ERROR(co_await pair.client->Write("still here"));
    EXPECT_EQ(co_await ReadExactly(pair.server.get(), 10), Text("still here"));
    co_return absl::OkStatus();
  });
}

// Datagrams may be lost, even without faults: they are sent again until one
// arrives.
Task<absl::StatusOr<Datagram>> SendUntilReceived(Time* time,
                                                 DatagramSocket* from,
                                                 DatagramSocket* to,
                                                 absl::string_view bytes) {
  for (int i = 0; i < 20; ++i) {
    CO_RETURN_IF_ERROR(co_await from->SendTo(to->local_address(), bytes));
    auto datagram =
        co_await time->Timeout(absl::Milliseconds(200), to->Receive());
    // One of an earlier exchange may have come late.
    if (datagram.ok() && datagram->bytes == bytes) co_return datagram;
  }
  co_return absl::DeadlineExceededError("twenty datagrams were lost");
}

TEST_P(NetworkExtendedConformance, DatagramsOfAllSizesKeepTheirBounds) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(auto one, co_await a().network().BindDatagram(
                                      absl::StrCat(world().ip(0), ":0")));
    CO_ASSIGN_OR_RETURN(auto two, co_await b().network().BindDatagram(
                                      absl::StrCat(world().ip(1), ":0")));
    const std::vector<size_t> sizes = {0, 1, 1472, 10000,
                                       DatagramSocket::kMaxBytes};
    for (const size_t size : sizes) {
      const std::string bytes = ConformanceBytes(size, size);
      CO_ASSIGN_OR_RETURN(
          const Datagram there,
          co_await SendUntilReceived(&time(), one.get(), two.get(), bytes));
      EXPECT_EQ(there.from, one->local_address());
      CO_ASSIGN_OR_RETURN(
          const Datagram back,
          co_await SendUntilReceived(&time(), two.get(), one.get(), bytes));
      EXPECT_EQ(back.from, two->local_address());
    }
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkExtendedConformance, ErrorsOfDatagrams) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(auto socket,
                        co_await a().network().BindDatagram(world().ip(0)));
    EXPECT_EQ(socket->local_address(),
              absl::StrCat(world().ip(0), ":", kDefaultPort));
    auto again = co_await a().network().BindDatagram(world().ip(0));
    EXPECT_TRUE(absl::IsAlreadyExists(again.status())) << again.status();
    // TCP has ports of its own.
    auto listener = co_await a().network().Bind(world().ip(0));
    EXPECT_TRUE(listener.ok()) << listener.status();
    socket.reset();
    CO_ASSIGN_OR_RETURN(socket,
                        co_await a().network().BindDatagram(world().ip(0)));

    const std::string too_long(DatagramSocket::kMaxBytes + 1, 'x');
    absl::Status status = co_await socket->SendTo(world().ip(1), too_long);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    status = co_await socket->SendTo(absl::StrCat(world().ip(1), ":x"), "x");
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    // Nobody listening is no error.
    status = co_await socket->SendTo(world().ip(1), "x");
    EXPECT_TRUE(status.ok()) << status;
    auto malformed = co_await a().network().BindDatagram(
        absl::StrCat(world().ip(0), ":99999"));
    EXPECT_TRUE(absl::IsInvalidArgument(malformed.status()))
        << malformed.status();
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkExtendedConformance, AnAbandonedReceiveLosesNothing) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(auto one, co_await a().network().BindDatagram(
                                      absl::StrCat(world().ip(0), ":0")));
    CO_ASSIGN_OR_RETURN(auto two, co_await b().network().BindDatagram(
                                      absl::StrCat(world().ip(1), ":0")));
    const auto nothing =
        co_await time().Timeout(absl::Milliseconds(2), two->Receive());
    EXPECT_TRUE(absl::IsDeadlineExceeded(nothing.status())) << nothing.status();
    CO_ASSIGN_OR_RETURN(
        const Datagram got,
        co_await SendUntilReceived(&time(), one.get(), two.get(), "hello"));
    EXPECT_EQ(got.bytes, "hello");
    co_return absl::OkStatus();
  });
}

TEST_P(NetworkExtendedConformance, NamesResolve) {
  Run([&]() -> Task<absl::Status> {
    EXPECT_EQ(co_await a().network().Resolve(world().ip(1)),
              Text(world().ip(1)));
    const Text unknown = co_await a().network().Resolve("no-such-host.invalid");
    EXPECT_TRUE(absl::IsNotFound(unknown.status())) << unknown.status();
    const auto stream =
        co_await a().network().Connect("no-such-host.invalid:80");
    EXPECT_TRUE(absl::IsNotFound(stream.status())) << stream.status();
    const std::string name = world().name(1);
    if (name.empty()) co_return absl::OkStatus();
    EXPECT_EQ(co_await a().network().Resolve(name), Text(world().ip(1)));
    CO_ASSIGN_OR_RETURN(auto listener,
                        co_await b().network().Bind(world().ip(1)));
    CO_ASSIGN_OR_RETURN(auto client, co_await a().network().Connect(name));
    EXPECT_EQ(client->peer_address(), listener->local_address());
    co_return absl::OkStatus();
  });
}

}  // namespace
}  // namespace moonpool
