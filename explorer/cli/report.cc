// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// explorer report: a campaign's directory as one HTML page. explorer merge:
// many of them as one.
#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "explorer/campaign.h"
#include "explorer/cli/cli.h"
#include "explorer/cli/commands.h"
#include "explorer/cli/console.h"
#include "explorer/cli/flags.h"
#include "explorer/directory/merged_parts.h"
#include "explorer/directory/search_log.h"
#include "explorer/recipe/atomic_file.h"
#include "explorer/recipe/recipe.h"
#include "explorer/report/page.h"
#include "providers/base/status_macros.h"

namespace moonpool {
namespace {

std::string WithoutSlash(std::string directory) {
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  return directory;
}

// By the recipe's file, if it is there and has this recipe.
std::string ReplayLine(const CommandLine& line, const std::string& directory,
                       size_t number, const BugRecipe& recipe) {
  const std::string path = absl::StrCat(directory, "/", BugRecipeFile(number));
  const absl::StatusOr<BugRecipe> stored = ReadRecipeFile(path);
  if (stored.ok() && FormatRecipe(*stored) == FormatRecipe(recipe) &&
      stored->expected().identity() == recipe.expected().identity()) {
    return absl::StrCat(ShellQuote(line.program), " replay ", ShellQuote(path));
  }
  CampaignParams::Values values;
  for (const CampaignParameter& parameter : recipe.parameters()) {
    values[parameter.name()] = parameter.value();
  }
  return ReplayCommandFor(line, recipe.campaign(), values,
                          FormatRecipe(recipe));
}

}  // namespace

absl::StatusOr<int> ReportCommand(const CommandLine& line) {
  Flags flags("report");
  std::string out;
  flags.String("out", &out);
  RETURN_IF_ERROR(flags.Parse(line.args));
  ASSIGN_OR_RETURN(std::string directory,
                   OnlyArgument(flags.positional(), "report", "DIR"));
  directory = WithoutSlash(std::move(directory));
  if (out.empty()) out = absl::StrCat(directory, "/report.html");
  ASSIGN_OR_RETURN(const PageInput input, ReadPageInput(directory));
  RETURN_IF_ERROR(CheckWritable(out));
  PageOptions options;
  options.all_assertions_count = Campaigns().size() <= 1;
  options.replay = [&](size_t number, const BugRecipe& recipe) {
    return ReplayLine(line, directory, number, recipe);
  };
  const std::string page = RenderPage(input, options);
  RETURN_IF_ERROR(WriteFileAtomically(out, page));
  Console().Print(absl::StrCat(out, ": ", WithCommas(page.size()), " bytes"));
  return kExitNothingFound;
}

absl::StatusOr<int> MergeCommand(const CommandLine& line) {
  Flags flags("merge");
  std::string out;
  flags.String("out", &out);
  RETURN_IF_ERROR(flags.Parse(line.args));
  if (flags.positional().empty()) {
    return absl::InvalidArgumentError(
        "merge needs DIR: give merge DIR... --out=DIR");
  }
  if (out.empty()) {
    return absl::InvalidArgumentError("merge needs --out=DIR");
  }
  out = WithoutSlash(std::move(out));
  ASSIGN_OR_RETURN(const MergeResult result,
                   MergeCampaigns(flags.positional(), out));
  Console().Print(absl::StrCat(out, ": ", WithCommas(result.parts),
                               result.parts == 1 ? " search, " : " searches, ",
                               Count(result.timelines, "timeline"), ", ",
                               Count(result.bugs, "bug")));
  return kExitNothingFound;
}

}  // namespace moonpool
