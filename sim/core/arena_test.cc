// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a scope's allocations come from the arena, at addresses that repeat,
// and nothing else does. Method: random allocations checked against their
// contents; the process' own memory maps.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "providers/base/check.h"
#include "sim/core/arena.h"
#include "sim/core/rng.h"
#include "sim/core/testing_core.h"
#include "sim/core/trace_hash.h"

namespace moonpool {
namespace {

bool InArena(const void* block) {
  const auto at = reinterpret_cast<uintptr_t>(block);
  return at >= Arena::kBase && at < Arena::kBase + Arena::kMaxBytes;
}

// operator new by name, so that the compiler does not drop the pair.
char* New(size_t size) { return static_cast<char*>(::operator new(size)); }

TEST(Arena, ServesItsScopeOnly) {
  if (!Arena::IsEnabled()) GTEST_SKIP() << "off under sanitizers";
  char* before = New(100);
  char *inside, *nested;
  {
    Arena::Scope scope;
    inside = New(100);
    {
      Arena::OutsideScope outside;
      nested = New(100);
    }
    ::operator delete(before);  // either kind, from either place
    before = New(100);
  }
  char* after = New(100);
  EXPECT_TRUE(InArena(inside));
  EXPECT_TRUE(InArena(before));
  EXPECT_FALSE(InArena(nested));
  EXPECT_FALSE(InArena(after));
  EXPECT_GE(Arena::BytesInUse(), 200u);
  for (char* block : {before, inside, nested, after}) ::operator delete(block);
  EXPECT_EQ(Arena::BytesInUse(), 0u);
}

TEST(Arena, AddressesRepeatAfterEverythingWasFreed) {
  if (!Arena::IsEnabled()) GTEST_SKIP() << "off under sanitizers";
  auto iteration = [](uint64_t seed) {
    TraceHash trace;
    RandomSource source(seed, &trace);
    RandomStream random(&source, "test");
    std::vector<char*> addresses(500), live(500);
    Arena::Scope scope;
    for (size_t i = 0; i < addresses.size(); ++i) {
      addresses[i] = live[i] = New(random.Below(3000));
      if (random.Chance({1, 2})) {
        char*& victim = live[random.Below(i + 1)];
        ::operator delete(std::exchange(victim, nullptr));
      }
    }
    EXPECT_GT(Arena::HighWater(), 100000u);
    EXPECT_LT(Arena::HighWater(), 10000000u);
    for (char* block : live) ::operator delete(block);
    return addresses;
  };
  const auto first = iteration(1);
  iteration(2);
  EXPECT_EQ(first, iteration(1));
}

TEST(Arena, BlocksKeepTheirContents) {
  TraceHash trace;
  RandomSource source(3, &trace);
  RandomStream random(&source, "test");
  struct Block {
    char* at;
    size_t size;
    char fill;
  };
  std::vector<Block> blocks;
  blocks.reserve(2000);
  auto check_and_free = [&](size_t i) {
    std::swap(blocks[i], blocks.back());
    const Block b = blocks.back();
    blocks.pop_back();
    for (size_t j = 0; j < b.size; ++j) ASSERT_EQ(b.at[j], b.fill);
    ::operator delete(b.at);
  };
  {
    Arena::Scope scope;
    for (int i = 0; i < 5000; ++i) {
      if (blocks.empty() || random.Chance({3, 5})) {
        // Small ones, page-size borders, and now and then up to 10 MB.
        const size_t size = random.Chance({1, 200})  ? random.Below(10000000)
                            : random.Chance({1, 4})  ? 4096 * random.Below(4)
                            : random.Chance({1, 10}) ? 1020 + random.Below(9)
                                                     : random.Below(2000);
        const Block b = {New(size), size, static_cast<char>(i)};
        ASSERT_EQ(reinterpret_cast<uintptr_t>(b.at) % 16, 0u);
        std::memset(b.at, b.fill, size);
        blocks.push_back(b);
      } else {
        check_and_free(random.Below(blocks.size()));
      }
    }
  }
  while (!blocks.empty()) check_and_free(0);  // from outside the scope
  if (Arena::IsEnabled()) EXPECT_EQ(Arena::BytesInUse(), 0u);
}

// Blocks to fill the arena with; freed when it ends.
class Blocks {
 public:
  void Add(size_t size) {
    Arena::Scope scope;
    blocks_.push_back(::operator new(size));
    std::memset(blocks_.back(), 1, size);
  }
  ~Blocks() {
    for (void* block : blocks_) ::operator delete(block);
  }

 private:
  std::deque<void*> blocks_;
};

TEST(Arena, ASmallWorldTakesFewPages) {
  if (!Arena::IsEnabled()) GTEST_SKIP() << "off under sanitizers";
  ASSERT_EQ(Arena::BytesInUse(), 0u);
  Blocks blocks;
  for (size_t size = 16; size <= 512; size += 16) blocks.Add(size);
  // 8,448 bytes in 32 sizes.
  EXPECT_LE(Arena::HighWater(), 10 * 4096u);
}

// In the mapping that the arena begins; of the field's kilobytes.
size_t SmapsKilobytes(absl::string_view field) {
  std::ifstream smaps("/proc/self/smaps");
  const std::string begin = absl::StrCat(absl::Hex(Arena::kBase), "-");
  bool is_arena = false;
  for (std::string line; std::getline(smaps, line);) {
    if (absl::StartsWith(line, begin)) is_arena = true;
    size_t kilobytes = 0;
    if (is_arena && absl::StartsWith(line, field)) {
      CHECK_EQ(std::sscanf(line.c_str() + field.size(), "%zu", &kilobytes), 1);
      return kilobytes;
    }
  }
  return 0;
}

bool KernelHasHugePages() {
  constexpr size_t kHuge = size_t{2} << 20;
  void* at = mmap(nullptr, 2 * kHuge, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(at != MAP_FAILED);
  std::memset(at, 1, 2 * kHuge);
  const auto aligned = (reinterpret_cast<uintptr_t>(at) + kHuge - 1) & -kHuge;
  const bool has = madvise(reinterpret_cast<void*>(aligned), kHuge,
                           25 /* MADV_COLLAPSE */) == 0;
  munmap(at, 2 * kHuge);
  return has;
}

TEST(Arena, ALargeWorldConsistsOfHugePages) {
  if (!Arena::IsEnabled()) GTEST_SKIP() << "off under sanitizers";
  if (!KernelHasHugePages()) GTEST_SKIP() << "none here";
  Blocks blocks;
  for (int i = 0; i < 16 << 10; ++i) blocks.Add(1024);
  EXPECT_GE(SmapsKilobytes("AnonHugePages:"), size_t{14} << 10);
}

TEST(Arena, RespectsAlignment) {
  struct alignas(64) Line {
    char bytes[64];
  };
  struct alignas(4096) Page {
    char bytes[4096];
  };
  for (bool inside : {false, true}) {
    std::unique_ptr<Arena::Scope> scope;
    if (inside) scope = std::make_unique<Arena::Scope>();
    for (int i = 0; i < 20; ++i) {
      auto line = std::make_unique<Line>();
      auto page = std::make_unique<Page[]>(i % 3 + 1);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(line.get()) % 64, 0u);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(page.get()) % 4096, 0u);
    }
  }
  if (Arena::IsEnabled()) EXPECT_EQ(Arena::BytesInUse(), 0u);
}

TEST(Arena, AWorldFitsIn) {
  if (!Arena::IsEnabled()) GTEST_SKIP() << "off under sanitizers";
  uint64_t traces[2];
  for (uint64_t& trace : traces) {
    Arena::Scope scope;
    auto run = std::make_unique<BusyRun>(5, 100);
    EXPECT_TRUE(InArena(run.get()));
    trace = run->world.trace().value();
  }
  EXPECT_EQ(traces[0], traces[1]);
  EXPECT_EQ(Arena::BytesInUse(), 0u);
}

TEST(ArenaDeathTest, TooLargeABlockIsRefused) {
  if (!Arena::IsEnabled()) GTEST_SKIP() << "off under sanitizers";
  EXPECT_DEATH(
      {
        Arena::Scope scope;
        New(size_t{1} << 40);
      },
      "needs more than");
  EXPECT_DEATH(
      {
        Arena::Scope scope;
        New(~size_t{0} - 100);  // rounded up it would be nothing
      },
      "needs more than");
}

TEST(ArenaDeathTest, WhoNeedsMoreThanTheLimitEndsWhereItSays) {
  if (!Arena::IsEnabled()) GTEST_SKIP() << "off under sanitizers";
  const auto fill = [](size_t bytes) {
    Arena::Limit(size_t{1} << 20, [] { _exit(5); });
    Arena::Scope scope;
    for (size_t used = 0; used < bytes; used += 1000) New(1000);
    _exit(6);
  };
  EXPECT_EXIT(fill(900000), testing::ExitedWithCode(6), "");
  EXPECT_EXIT(fill(1100000), testing::ExitedWithCode(5), "");
}

}  // namespace
}  // namespace moonpool
