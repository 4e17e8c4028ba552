// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: jobs are told of images that are there or will be, and no slot changes
// under a job that was told of it. Method: the test plays the runners, by
// writing the generation of an image to its slot.
#include "explorer/search/image_set.h"

#include <set>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace moonpool::explorer {
namespace {

class ImageSetTest : public ::testing::Test {
 protected:
  ImageSetTest() {
    top_ = Add(0, 1);
    middle_ = Add(top_, 2);
    low_ = Add(middle_, 3);
  }
  // A splitpoint behind so many segments.
  int Add(int parent, size_t segments) {
    Splitpoint splitpoint;
    splitpoint.parent = parent;
    splitpoint.segments.resize(segments);
    return archive_.AddSplitpoint(std::move(splitpoint));
  }
  ImageRef LendFor(ImageSet& set, uint64_t number, int splitpoint) {
    const ImageRef image = set.Lend(number);
    EXPECT_NE(image.generation, 0u);
    set.Assign(image, splitpoint);
    return image;
  }
  void Store(const ImageRef& image) {
    uint64_t generation = image.generation;
    iovec part = {&generation, sizeof(generation)};
    ASSERT_TRUE(pool_.Write(image.slot, 0, &part, 1));
  }
  static void Finish(ImageSet& set, uint64_t number, ImageRef store = {}) {
    JobOrder order = {};
    order.store = store;
    set.Finish(number, order);
  }
  static std::vector<uint64_t> Listed(ImageSet& set, uint64_t number,
                                      int splitpoint) {
    JobOrder order = {};
    set.List(splitpoint, number, order);
    std::vector<uint64_t> segments;
    for (uint32_t i = 0; i < order.image_count; ++i) {
      segments.push_back(order.images[i].segments);
    }
    return segments;
  }

  const ImagePool pool_;
  Archive archive_;
  int top_, middle_, low_;
};

TEST_F(ImageSetTest, TheNearestImagesOfTheWayComeFirst) {
  ImageSet set(&pool_, &archive_, 64);
  EXPECT_EQ(set.NearestTo(low_), Job::kNone);
  EXPECT_EQ(set.NearestTo(Job::kNone), Job::kNone);
  EXPECT_TRUE(Listed(set, 1, low_).empty());
  LendFor(set, 1, top_);
  EXPECT_EQ(set.NearestTo(low_), top_);
  LendFor(set, 2, low_);
  LendFor(set, 3, 0);
  EXPECT_EQ(set.NearestTo(low_), low_);
  EXPECT_EQ(set.NearestTo(middle_), top_);
  EXPECT_EQ(Listed(set, 4, low_), (std::vector<uint64_t>{3, 1, 0}));
  EXPECT_EQ(Listed(set, 4, middle_), (std::vector<uint64_t>{1, 0}));
  LendFor(set, 5, middle_);
  EXPECT_EQ(Listed(set, 6, low_), (std::vector<uint64_t>{3, 2, 1}));
  EXPECT_EQ(set.size(), 4);
  set.Retire(low_);
  EXPECT_EQ(set.NearestTo(low_), middle_);
  EXPECT_EQ(set.size(), 3);
}

TEST_F(ImageSetTest, AnImageThatWasNotStoredIsForgotten) {
  ImageSet set(&pool_, &archive_, 64);
  const ImageRef lost = LendFor(set, 0, top_);
  const ImageRef stored = LendFor(set, 1, low_);
  Store(stored);
  Finish(set, 0, lost);
  Finish(set, 1, stored);
  EXPECT_EQ(set.NearestTo(top_), Job::kNone);
  EXPECT_EQ(set.NearestTo(low_), low_);
  // A splitpoint has one image; what another job has stored is not needed.
  Store(LendFor(set, 2, low_));
  EXPECT_EQ(set.size(), 1);
}

TEST_F(ImageSetTest, WhatJobsInFlightWereToldOfStays) {
  ImageSet set(&pool_, &archive_, 2);
  const ImageRef first = LendFor(set, 0, top_);
  Store(first);
  const ImageRef second = LendFor(set, 1, low_);
  Store(second);
  EXPECT_EQ(set.Lend(2).generation, 0u);
  Finish(set, 0, first);
  Listed(set, 3, low_);
  Finish(set, 1, second);
  // Job 3 knows of both.
  EXPECT_EQ(set.Lend(4).generation, 0u);
  Finish(set, 2);
  Finish(set, 3);
  Listed(set, 4, top_);
  Finish(set, 4);
  // The coldest makes room, and its image is another's from now on.
  const ImageRef third = set.Lend(5);
  EXPECT_EQ(third.slot, second.slot);
  EXPECT_NE(third.generation, second.generation);
  EXPECT_EQ(set.NearestTo(low_), top_);
  // Of nobody yet; so it is the first to go, once its job is finished.
  Finish(set, 5);
  EXPECT_EQ(set.Lend(6).slot, third.slot);
  // Too late for the one before.
  set.Assign(third, low_);
  EXPECT_EQ(set.NearestTo(low_), top_);
}

// The runner of job 2 has died, so that it is told once more, after job 3.
TEST_F(ImageSetTest, AnEarlierJobThatIsToldLaterDoesNotFreeASlot) {
  ImageSet set(&pool_, &archive_, 1);
  const ImageRef image = LendFor(set, 0, top_);
  Store(image);
  Finish(set, 0, image);
  Finish(set, 1);
  for (const uint64_t number : {3, 2}) Listed(set, number, top_);
  Finish(set, 2);
  EXPECT_EQ(set.Lend(4).generation, 0u);
  Finish(set, 3);
  EXPECT_NE(set.Lend(4).generation, 0u);
}

TEST_F(ImageSetTest, WithoutAPoolThereAreNone) {
  ImageSet none(nullptr, &archive_, 64);
  EXPECT_EQ(none.Lend(0).generation, 0u);
  ImageSet empty(&pool_, &archive_, 0);
  EXPECT_EQ(empty.Lend(0).generation, 0u);
  // Nor more than there are slots.
  ImageSet full(&pool_, &archive_, 1 << 20);
  std::set<uint32_t> slots;
  for (uint32_t i = 0; i < ImagePool::kSlots; ++i) {
    slots.insert(full.Lend(i).slot);
  }
  EXPECT_EQ(slots.size(), ImagePool::kSlots);
  EXPECT_EQ(full.Lend(ImagePool::kSlots).generation, 0u);
}

}  // namespace
}  // namespace moonpool::explorer
