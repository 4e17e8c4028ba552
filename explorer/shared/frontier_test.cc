// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a job knows exactly what earlier jobs have committed, whatever the
// coordinator has committed since, and however much. Method: examples; a
// reference model over random commits; a process that looks up while another
// commits; millions of marks.
#include "explorer/shared/frontier.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "explorer/shared/region.h"
#include "gtest/gtest.h"
#include "providers/base/hash.h"
#include "sim/assertions/table.h"

namespace moonpool::explorer {
namespace {

class FrontierTest : public ::testing::Test {
 protected:
  ~FrontierTest() override { Region::Unmap(region_); }

  bool Knows(uint64_t key, const MarkQuality& quality,
             uint64_t known_until) const {
    const FrontierEntry* entry = frontier_.Find(key);
    return entry != nullptr && frontier_.Knows(*entry, quality, known_until);
  }

  Region* region_ = Region::Map();
  Frontier& frontier_ = region_->frontier;
};

TEST_F(FrontierTest, AJobKnowsOnlyWhatEarlierJobsCommitted) {
  ASSERT_TRUE(frontier_.Commit(7, {}, /*job=*/5, /*all_know_until=*/0));
  EXPECT_FALSE(Knows(7, {}, 5));
  EXPECT_TRUE(Knows(7, {}, 6));
  EXPECT_FALSE(Knows(8, {}, 6));
}

TEST_F(FrontierTest, EveryKeyIsAMark) {
  for (const uint64_t key : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}}) {
    EXPECT_EQ(frontier_.Find(key), nullptr);
    ASSERT_TRUE(frontier_.Commit(key, {}, 0, 0));
    EXPECT_TRUE(Knows(key, {}, 1));
  }
  EXPECT_EQ(frontier_.size(), 3u);
}

TEST_F(FrontierTest, BetterQualityIsUnknownUntilItIsCommitted) {
  ASSERT_TRUE(frontier_.Commit(7, {1}, 0, 0));
  EXPECT_TRUE(Knows(7, {1}, 9));
  EXPECT_TRUE(Knows(7, {0}, 9));
  EXPECT_FALSE(Knows(7, {2}, 9));
  ASSERT_TRUE(frontier_.Commit(7, {2}, 4, 0));
  EXPECT_FALSE(Knows(7, {2}, 4));
  EXPECT_TRUE(Knows(7, {2}, 5));
}

TEST_F(FrontierTest, VersionsThatJobsMustTellApartAreNotReplaced) {
  constexpr auto kVersions = static_cast<int64_t>(Frontier::kVersions);
  for (int64_t job = 0; job < kVersions; ++job) {
    ASSERT_TRUE(frontier_.Commit(7, {job}, static_cast<uint64_t>(job), 0));
  }
  EXPECT_FALSE(frontier_.Commit(7, {9}, 9, 0));
  for (int64_t job = 0; job < kVersions; ++job) {
    const auto known_until = static_cast<uint64_t>(job) + 1;
    EXPECT_TRUE(Knows(7, {job}, known_until));
    EXPECT_FALSE(Knows(7, {job + 1}, known_until));
  }
  // Two of them are known to all by now: the worse one serves no more.
  EXPECT_TRUE(frontier_.Commit(7, {9}, 9, 2));
  EXPECT_TRUE(Knows(7, {1}, 2));
  EXPECT_TRUE(Knows(7, {9}, 10));
}

TEST_F(FrontierTest, VersionsThatAllJobsKnowAreReused) {
  for (int64_t job = 0; job < 1000; ++job) {
    const auto number = static_cast<uint64_t>(job);
    ASSERT_TRUE(
        frontier_.Commit(7, {job}, number, number > 2 ? number - 2 : 0));
    EXPECT_FALSE(Knows(7, {job}, number));
    EXPECT_TRUE(Knows(7, {job}, number + 1));
    if (job > 0) EXPECT_TRUE(Knows(7, {job - 1}, number));
  }
  EXPECT_EQ(frontier_.size(), 1u);
}

TEST_F(FrontierTest, CollidingKeysStayApart) {
  // The same slot whatever the index, and every eighth the same bits in it.
  const auto key = [](uint64_t i) { return (i % 8) << 56 | i / 8 << 40; };
  for (uint64_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(frontier_.Commit(key(i), {}, i, 0));
  }
  for (uint64_t i = 0; i < 100; ++i) {
    EXPECT_TRUE(Knows(key(i), {}, i + 1));
    EXPECT_FALSE(Knows(key(i), {}, i));
  }
  EXPECT_FALSE(Knows(key(101), {}, 1000));
}

TEST_F(FrontierTest, CountsArrivalsAtMarksThatItHas) {
  ASSERT_TRUE(frontier_.Commit(7, {}, 0, 0));
  EXPECT_EQ(frontier_.Find(8), nullptr);
  ASSERT_NE(frontier_.Find(7), nullptr);
  EXPECT_EQ(frontier_.Find(7)->reaches.load(), 0u);
  frontier_.SetReaches(7, 3);
  frontier_.SetReaches(8, 5);
  EXPECT_EQ(frontier_.Find(7)->reaches.load(), 3u);
  EXPECT_EQ(frontier_.Find(8), nullptr);
}

TEST_F(FrontierTest, WantsAllArrivalsUntilItIsToldOtherwise) {
  ASSERT_TRUE(frontier_.Commit(7, {}, 0, 0));
  EXPECT_TRUE(frontier_.Find(7)->Wants(uint64_t{1} << 60));
  frontier_.SetUnwantedFrom(7, 90);
  frontier_.SetUnwantedFrom(8, 5);
  EXPECT_TRUE(frontier_.Find(7)->Wants(89));
  EXPECT_FALSE(frontier_.Find(7)->Wants(90));
  frontier_.SetUnwantedFrom(7, 0);
  EXPECT_FALSE(frontier_.Find(7)->Wants(0));
  EXPECT_EQ(frontier_.Find(8), nullptr);
}

// Whatever any job may ask, over several sizes of the index.
TEST_F(FrontierTest, IsLikeAModel) {
  constexpr uint64_t kLag = 3;
  constexpr uint64_t kKeys = 30000;
  struct Version {
    uint64_t job;
    MarkQuality quality;
  };
  std::map<uint64_t, std::vector<Version>> model;
  uint64_t state = 1;
  const auto below = [&state](uint64_t bound) {
    state += 0x9E3779B97F4A7C15u;
    return Mix64(state) % bound;
  };
  for (uint64_t job = 0; job < 100000; ++job) {
    const uint64_t all_know_until = job < kLag ? 0 : job - kLag;
    // Some marks are met often.
    const uint64_t key = Mix64(below(1 + below(kKeys)));
    std::vector<Version>& versions = model[key];
    MarkQuality quality = {static_cast<int64_t>(below(3)),
                           static_cast<int64_t>(below(50))};
    const bool is_better =
        std::all_of(versions.begin(), versions.end(),
                    [&](const Version& v) { return v.quality < quality; });
    if (is_better) {
      ASSERT_TRUE(frontier_.Commit(key, quality, job, all_know_until)) << job;
      versions.push_back({job, quality});
    }
    for (uint64_t known_until = all_know_until; known_until <= job + 1;
         ++known_until) {
      quality[1] = static_cast<int64_t>(below(50));
      const bool is_known =
          std::any_of(versions.begin(), versions.end(), [&](const Version& v) {
            return v.job < known_until && !(v.quality < quality);
          });
      ASSERT_EQ(Knows(key, quality, known_until), is_known) << job;
    }
  }
  EXPECT_EQ(frontier_.size(), model.size());
  EXPECT_GT(frontier_.size(), 16384u);  // so that the index was replaced twice
  for (const auto& [key, versions] : model) {
    EXPECT_TRUE(Knows(key, versions.back().quality, versions.back().job + 1));
  }
}

// As a timeline does that runs while the coordinator commits.
TEST_F(FrontierTest, LookUpsMayGoOnMeanwhile) {
  constexpr uint64_t kKnown = 300000;
  constexpr uint64_t kKnownUntil = 4;
  for (uint64_t i = 0; i < kKnown; ++i) {
    for (int64_t job = 0; job < 4; ++job) {
      const auto number = static_cast<uint64_t>(job);
      ASSERT_TRUE(frontier_.Commit(Mix64(i), {job}, number, 0));
    }
  }
  const pid_t reader = fork();
  ASSERT_GE(reader, 0);
  if (reader == 0) {
    region_->MakeOrdersReadOnly();
    while (frontier_.size() < 2 * kKnown) {
      // What is being committed now.
      const uint64_t i = (frontier_.size() - kKnown) % kKnown;
      for (int repeat = 0; repeat < 20; ++repeat) {
        if (!Knows(Mix64(i), {3}, kKnownUntil)) _exit(1);
        if (Knows(Mix64(i), {4}, kKnownUntil)) _exit(2);
        if (Knows(Mix64(kKnown + i), {0}, kKnownUntil)) _exit(3);
      }
    }
    _exit(0);
  }
  for (uint64_t i = 0; i < kKnown; ++i) {
    // Takes the places of the three worse versions, all known to all.
    for (int64_t quality = 4; quality < 7; ++quality) {
      EXPECT_TRUE(
          frontier_.Commit(Mix64(i), {quality}, 4 + i, kKnownUntil));
    }
    EXPECT_TRUE(frontier_.Commit(Mix64(kKnown + i), {}, 4 + i, kKnownUntil));
  }
  int status = 0;
  ASSERT_EQ(waitpid(reader, &status, 0), reader);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(FrontierTest, MillionsOfMarksFit) {
  constexpr uint64_t kMarks = 3200000;
  for (uint64_t i = 0; i < kMarks; ++i) {
    ASSERT_TRUE(frontier_.Commit(Mix64(i), {}, i, i)) << i;
  }
  EXPECT_EQ(frontier_.size(), kMarks);
  uint64_t known = 0;
  uint64_t too_early = 0;
  uint64_t others = 0;
  for (uint64_t i = 0; i < kMarks; ++i) {
    known += Knows(Mix64(i), {}, i + 1);
    too_early += Knows(Mix64(i), {}, i);
    others += Knows(Mix64(kMarks + i), {}, ~uint64_t{0});
  }
  EXPECT_EQ(known, kMarks);
  EXPECT_EQ(too_early, 0u);
  EXPECT_EQ(others, 0u);
}

}  // namespace
}  // namespace moonpool::explorer
