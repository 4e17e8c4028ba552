// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a second thread is noticed.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "sim/core/host.h"

namespace moonpool {
namespace {

TEST(Host, CountsThreads) {
  EXPECT_EQ(CheckSingleThreaded(), absl::OkStatus());
  std::atomic<bool> stop = false;
  std::thread thread([&] {
    while (!stop) std::this_thread::yield();
  });
  const absl::Status status = CheckSingleThreaded();
  stop = true;
  thread.join();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_NE(status.message().find("2 threads"), std::string::npos) << status;
}

}  // namespace
}  // namespace moonpool
