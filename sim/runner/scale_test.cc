// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a large run stays within a stated memory: 16 nodes, 100,000 connections
// and 1 GB of disk traffic need less than kMaxGrowthBytes. Method: the peak
// resident size of this process, before and after.
#include <sys/resource.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "providers/base/status_macros.h"
#include "sim/runner/builder.h"
#include "sim/runner/test_simulation.h"

namespace moonpool {
namespace {

using ::testing::IsEmpty;

constexpr int kNodes = 16;
constexpr int kConnections = 100000;
constexpr int kMegabytes = 1024;
// An arena this large consists of huge pages, which count as a whole: without
// them it is half as much.
[[maybe_unused]] constexpr int64_t kMaxGrowthBytes = int64_t{192} << 20;

int64_t PeakBytes() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

Task<absl::Status> EchoOnce(std::unique_ptr<Stream> stream) {
  char byte;
  CO_RETURN_IF_ERROR(co_await stream->ReadFull(absl::MakeSpan(&byte, 1)));
  co_return co_await stream->Write(absl::string_view(&byte, 1));
}

// Overwrites one megabyte again and again.
Task<absl::Status> WriteMegabytes(SimContext* ctx, int count, int* written) {
  CO_ASSIGN_OR_RETURN(auto file,
                      co_await ctx->storage().Open("data", {.create = true}));
  const std::string chunk(1 << 20, 'x');
  for (int i = 0; i < count; ++i) {
    CO_RETURN_IF_ERROR(co_await file->WriteAt(0, chunk));
    ++*written;
    if (i % 16 == 15) CO_RETURN_IF_ERROR(co_await file->Sync());
  }
  co_return absl::OkStatus();
}

Task<absl::Status> Serve(SimContext& ctx, int* written) {
  ctx.tasks().Spawn(WriteMegabytes, &ctx, kMegabytes / kNodes, written);
  CO_ASSIGN_OR_RETURN(auto listener, co_await ctx.network().Bind(ctx.my_ip()));
  for (;;) {
    CO_ASSIGN_OR_RETURN(Accepted peer, co_await listener->Accept());
    ctx.tasks().Spawn(EchoOnce, std::move(peer.stream));
  }
}

Task<absl::Status> CallOnce(SimContext& ctx, std::string ip) {
  CO_ASSIGN_OR_RETURN(auto stream, co_await ctx.network().Connect(ip));
  CO_RETURN_IF_ERROR(co_await stream->Write("x"));
  char byte;
  co_return co_await stream->ReadFull(absl::MakeSpan(&byte, 1));
}

TEST(ScaleTest, ALargeRunStaysSmall) {
  SimulationBuilder builder;
  int written = 0;
  int called = 0;
  builder.Processes(
      Servers(kNodes, [&written](SimContext& ctx) -> Task<absl::Status> {
        co_return co_await Serve(ctx, &written);
      }));
  builder.Workloads(kNodes, [&](int) {
    return Driver({.run = [&](SimContext& ctx) -> Task<absl::Status> {
      const std::string& ip =
          ctx.topology().all_process_ips()[ctx.client_id()];
      for (int i = 0; i < kConnections / kNodes; ++i) {
        CO_RETURN_IF_ERROR(co_await CallOnce(ctx, ip));
        ++called;
      }
      co_return absl::OkStatus();
    }});
  });
  const int64_t before = PeakBytes();
  const IterationResult result = builder.RunIteration(1);
  EXPECT_THAT(result.violations, IsEmpty());
  EXPECT_EQ(called, kConnections);
  EXPECT_EQ(written, kMegabytes);
  RecordProperty("growth_bytes", std::to_string(PeakBytes() - before));
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer)
  EXPECT_LT(PeakBytes() - before, kMaxGrowthBytes);
#endif
}

}  // namespace
}  // namespace moonpool
