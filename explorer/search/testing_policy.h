// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// For tests of policies: archives to pick from.
#ifndef MOONPOOL_EXPLORER_SEARCH_TESTING_POLICY_H_
#define MOONPOOL_EXPLORER_SEARCH_TESTING_POLICY_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "explorer/search/archive.h"
#include "explorer/search/policy.h"
#include "gtest/gtest.h"
#include "sim/core/rng.h"
#include "sim/core/trace_hash.h"

namespace moonpool::explorer {

inline std::unique_ptr<Policy> Make(absl::string_view name) {
  auto policy = MakePolicy(name);
  EXPECT_TRUE(policy.ok()) << policy.status();
  return *std::move(policy);
}

// Where timelines set out: with fresh seeds, and at the beginning's cell.
inline constexpr Departure kFresh;
constexpr Departure Branch(Arm arm = Arm::kNewest) {
  return {.choice = {.cell = 0, .arm = arm}, .splitpoint = 0};
}

// With one way.
inline void AddCell(Archive& archive, uint64_t key, uint32_t assertion) {
  archive.cell(archive.AddCell(key, "", assertion)).AddWay(0, 0, 1);
}

class PolicyTest : public ::testing::Test {
 protected:
  static constexpr int kGroups = 3;

  // As after a long search in which every 16th branch yielded, and the last one,
  // but no fresh seed.
  static void MakeOld(Archive& archive) {
    for (int i = 0; i < 160; ++i) archive.CommitTimeline(kFresh, false);
    for (int i = 1; i <= 1600; ++i) {
      archive.CommitTimeline(Branch(), i % 16 == 0);
    }
  }

  Archive RandomArchive(int cells, uint64_t most_picks, uint64_t most_barren) {
    Archive archive;
    for (int i = 1; i < cells; ++i) {
      AddCell(archive, i, static_cast<uint32_t>(i % kGroups));
    }
    for (int i = 0; i < cells; ++i) {
      archive.cell(i).picks = random_.Below(most_picks);
      archive.cell(i).barren = random_.Below(most_barren);
    }
    return archive;
  }

  // The sum over all cells of (seen - expected)²/expected, in standard
  // deviations from its mean; cells with expected 0 must not be seen.
  static double ChiSquareSigmas(const std::vector<double>& expected,
                                const std::vector<double>& seen) {
    double sum = 0;
    int freedom = -1;
    for (size_t i = 0; i < expected.size(); ++i) {
      if (expected[i] == 0) {
        EXPECT_EQ(seen[i], 0) << i;
        continue;
      }
      sum += (seen[i] - expected[i]) * (seen[i] - expected[i]) / expected[i];
      ++freedom;
    }
    return (sum - freedom) / std::sqrt(2.0 * freedom);
  }

  TraceHash trace_;
  RandomSource source_{20261121, &trace_};
  RandomStream random_{&source_, "test"};
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_TESTING_POLICY_H_
