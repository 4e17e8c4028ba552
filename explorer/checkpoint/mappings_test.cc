// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the list says what the kernel has mapped, no matter how it is split.
// Method: map, protect and split pages, and look for them.
#include "explorer/checkpoint/mappings.h"

#include <sys/mman.h>

#include "gtest/gtest.h"

namespace moonpool::explorer {
namespace {

constexpr size_t kPage = 4096;

const MemoryMapping* Find(const MappingList& list, const void* at) {
  const auto address = reinterpret_cast<uintptr_t>(at);
  for (const MemoryMapping& mapping : list) {
    if (mapping.begin <= address && address < mapping.end) return &mapping;
  }
  return nullptr;
}

class MappingsTest : public ::testing::Test {
 protected:
  MappingsTest() {
    pages_ = static_cast<char*>(mmap(nullptr, 5 * kPage, PROT_NONE,
                                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(pages_ + kPage, 3 * kPage, PROT_READ | PROT_WRITE);
  }
  ~MappingsTest() override { munmap(pages_, 5 * kPage); }

  char* pages_;
};

TEST_F(MappingsTest, SaysWhatIsMappedAndHow) {
  MappingList list;
  ASSERT_TRUE(ReadMappings(0, 0, list));
  const MemoryMapping* mine = Find(list, pages_ + kPage);
  ASSERT_NE(mine, nullptr);
  EXPECT_EQ(mine->begin, reinterpret_cast<uintptr_t>(pages_ + kPage));
  EXPECT_EQ(mine->end, mine->begin + 3 * kPage);
  EXPECT_TRUE(mine->is_readable && mine->is_writable && mine->is_private);
  EXPECT_FALSE(mine->is_executable || mine->is_stack);
  EXPECT_EQ(mine->inode, 0u);
  const MemoryMapping* guard = Find(list, pages_);
  ASSERT_NE(guard, nullptr);
  EXPECT_FALSE(guard->is_readable || guard->is_writable);

  int local = 0;
  const MemoryMapping* stack = Find(list, &local);
  ASSERT_NE(stack, nullptr);
  EXPECT_TRUE(stack->is_stack && stack->is_writable && stack->is_private);
  const auto function = reinterpret_cast<const void*>(&ReadMappings);
  const MemoryMapping* code = Find(list, function);
  ASSERT_NE(code, nullptr);
  EXPECT_TRUE(code->is_executable);
  EXPECT_FALSE(code->is_writable);
  EXPECT_NE(code->inode, 0u);
  for (size_t i = 1; i < list.size; ++i) {
    EXPECT_LE(list.at[i - 1].end, list.at[i].begin);
  }
}

TEST_F(MappingsTest, ASplitThatChangesNothingDoesNotShow) {
  MappingList before;
  ASSERT_TRUE(ReadMappings(0, 0, before));
  // The kernel's flags differ now, which the list does not know.
  ASSERT_EQ(madvise(pages_ + 2 * kPage, kPage, MADV_DONTFORK), 0);
  MappingList split;
  ASSERT_TRUE(ReadMappings(0, 0, split));
  EXPECT_TRUE(before == split);

  ASSERT_EQ(mprotect(pages_ + 2 * kPage, kPage, PROT_READ), 0);
  ASSERT_TRUE(ReadMappings(0, 0, split));
  EXPECT_FALSE(before == split);
}

TEST_F(MappingsTest, LeavesOutWhatItIsToldTo) {
  ASSERT_EQ(madvise(pages_ + 2 * kPage, kPage, MADV_DONTFORK), 0);
  const auto begin = reinterpret_cast<uintptr_t>(pages_ + 2 * kPage);
  MappingList list;
  ASSERT_TRUE(ReadMappings(begin, begin + kPage, list));
  EXPECT_EQ(Find(list, pages_ + 2 * kPage), nullptr);
  EXPECT_NE(Find(list, pages_ + 3 * kPage), nullptr);
}

}  // namespace
}  // namespace moonpool::explorer
