// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "providers/conformance/conformance.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "providers/base/hash.h"
#include "providers/base/status_macros.h"

namespace moonpool {

// A program that links the library in need not instantiate every suite.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TimeConformance);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TasksConformance);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RandomConformance);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(NetworkConformance);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(NetworkExtendedConformance);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StorageConformance);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StorageExtendedConformance);

Task<absl::Status> NetworkConformance::Connect(ConformancePair* pair) {
  CO_ASSIGN_OR_RETURN(pair->listener,
                      co_await b().network().Bind(world().ip(1)));
  JoinHandle accepting = b().tasks().Spawn([pair]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(Accepted accepted, co_await pair->listener->Accept());
    pair->server = std::move(accepted.stream);
    pair->peer = std::move(accepted.peer);
    co_return absl::OkStatus();
  });
  CO_ASSIGN_OR_RETURN(pair->client, co_await a().network().Connect(
                                        pair->listener->local_address()));
  co_return co_await accepting.Join();
}

std::string ConformanceBytes(size_t size, uint64_t salt) {
  std::string bytes(size, '\0');
  for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
    const uint64_t word = Combine64(salt, at);
    std::memcpy(bytes.data() + at, &word, std::min(sizeof(word), size - at));
  }
  return bytes;
}

}  // namespace moonpool
