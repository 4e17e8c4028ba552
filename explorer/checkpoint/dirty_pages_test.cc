// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: what has been written to is told, and hardly more. Method: writes to
// small and to huge pages.
#include "explorer/checkpoint/dirty_pages.h"

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "gtest/gtest.h"

namespace moonpool::explorer {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kHuge = size_t{2} << 20;
constexpr size_t kSize = 4 * kHuge;

class DirtyPagesTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (!dirty_.Open(100)) GTEST_SKIP() << "not offered by this kernel";
    void* at = mmap(nullptr, kSize + kHuge, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(at, MAP_FAILED);
    begin_ = reinterpret_cast<char*>(
        (reinterpret_cast<uintptr_t>(at) + kHuge - 1) & -kHuge);
    madvise(begin_, kSize, MADV_NOHUGEPAGE);
    memset(begin_, 1, kSize);
    if (!GetParam()) return;
    madvise(begin_, kSize, MADV_HUGEPAGE);
    if (madvise(begin_, kSize, 25 /* MADV_COLLAPSE */) != 0) {
      GTEST_SKIP() << "no huge pages here";
    }
  }
  void TearDown() override { dirty_.Close(); }

  size_t WrittenBytes() {
    size_t bytes = 0;
    EXPECT_TRUE(dirty_.ForEach(
        begin_, kSize, [&bytes](const DirtyPages::Region& region) {
          bytes += static_cast<size_t>(region.end - region.begin);
        }));
    return bytes;
  }

  DirtyPages dirty_;
  char* begin_ = nullptr;
};

TEST_P(DirtyPagesTest, AWriteIsToldByThePage) {
  ASSERT_TRUE(dirty_.Watch(begin_, kSize));
  EXPECT_EQ(WrittenBytes(), 0u);
  for (const size_t at : {size_t{0}, kHuge - 1, kHuge + 7 * kPage, kSize - 1}) {
    begin_[at] = 2;
  }
  EXPECT_EQ(WrittenBytes(), 4 * kPage);
  ASSERT_TRUE(dirty_.Forget(begin_, kSize));
  EXPECT_EQ(WrittenBytes(), 0u);
  begin_[kHuge] = 2;
  EXPECT_EQ(WrittenBytes(), kPage);
}

INSTANTIATE_TEST_SUITE_P(PageSizes, DirtyPagesTest, ::testing::Bool(),
                         [](const auto& info) {
                           return info.param ? "Huge" : "Small";
                         });

}  // namespace
}  // namespace moonpool::explorer
