// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
//   chances CAMPAIGN [--param k=v]... [--runs=N] [--seed=S]
//     for each mark how many runs came to it, and how many of these failed
//   chances CAMPAIGN ... --levels='LABEL; LABEL' [--branches=K] [--arrivals=M]
//     the chance of a failure by multilevel splitting (chances.h)
#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "explorer/campaign.h"
#include "explorer/cli/flags.h"
#include "explorer/problems/chances.h"

namespace moonpool::problems {
namespace {

double Share(const ChanceReport::Counts& counts) {
  return static_cast<double>(counts.failed) /
         static_cast<double>(std::max<uint64_t>(counts.runs, 1));
}

void Print(const ChanceReport& report) {
  printf("%llu runs, %llu failed: %.2e; %.0f events a run\n",
         static_cast<unsigned long long>(report.all.runs),
         static_cast<unsigned long long>(report.all.failed), Share(report.all),
         static_cast<double>(report.events) /
             static_cast<double>(report.all.runs));
  std::vector<std::pair<std::string, ChanceReport::Counts>> marks(
      report.marks.begin(), report.marks.end());
  std::sort(marks.begin(), marks.end(), [](const auto& a, const auto& b) {
    const double share_a = Share(a.second);
    const double share_b = Share(b.second);
    return share_a != share_b ? share_a > share_b : a.first < b.first;
  });
  printf("failed     came       chance  mark\n");
  for (const auto& [label, counts] : marks) {
    printf("%6llu %8llu  %.2e  %s\n",
           static_cast<unsigned long long>(counts.failed),
           static_cast<unsigned long long>(counts.runs), Share(counts),
           label.c_str());
  }
}

void Print(const ChanceEstimate& estimate) {
  for (const ChanceEstimate::Stage& stage : estimate.stages) {
    printf("of %llu runs from %llu places %llu came to the next level, %llu "
           "(from %llu places) failed without; chance from here %.2e\n",
           static_cast<unsigned long long>(stage.runs),
           static_cast<unsigned long long>(stage.places),
           static_cast<unsigned long long>(stage.arrived),
           static_cast<unsigned long long>(stage.failed),
           static_cast<unsigned long long>(stage.fruitful), stage.chance);
  }
  printf("chance of a run: %.2e (%llu events)\n", estimate.chance,
         static_cast<unsigned long long>(estimate.events));
}

absl::Status Main(const std::vector<std::string>& args) {
  Flags flags("chances");
  ChanceOptions options;
  CampaignParams::Values values;
  std::string levels;
  flags.KeyValues("param", &values);
  flags.Uint64("seed", &options.seed);
  flags.Int("runs", &options.runs, 1);
  flags.Int("branches", &options.branches, 1);
  flags.Int("arrivals", &options.arrivals, 1);
  flags.String("levels", &levels);
  const absl::Status parsed = flags.Parse(args);
  if (!parsed.ok()) return parsed;
  if (flags.positional().size() != 1) {
    return absl::InvalidArgumentError("chances CAMPAIGN [flags]");
  }
  const absl::StatusOr<const Campaign*> campaign =
      FindCampaign(flags.positional()[0]);
  if (!campaign.ok()) return campaign.status();
  absl::StatusOr<SimulationBuilder> builder =
      BuildCampaign(**campaign, CampaignParams(values));
  if (!builder.ok()) return builder.status();
  for (const absl::string_view level :
       absl::StrSplit(levels, ';', absl::SkipWhitespace())) {
    options.levels.emplace_back(absl::StripAsciiWhitespace(level));
  }
  if (options.levels.empty()) {
    Print(MeasureChances(*builder, options));
  } else {
    Print(EstimateChance(*builder, options));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace moonpool::problems

int main(int argc, char** argv) {
  const absl::Status status = moonpool::problems::Main(
      std::vector<std::string>(argv + 1, argv + argc));
  if (status.ok()) return 0;
  fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 2;
}
