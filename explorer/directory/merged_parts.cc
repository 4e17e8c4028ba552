// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/directory/merged_parts.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "explorer/directory/campaign_summary.h"
#include "explorer/directory/log.pb.h"
#include "explorer/directory/record_file.h"
#include "explorer/directory/search_log.h"
#include "explorer/recipe/recipe.h"
#include "providers/base/status_macros.h"

namespace moonpool {
namespace {

bool Exists(const std::string& path) {
  struct stat found;
  return stat(path.c_str(), &found) == 0;
}

absl::Status Damaged(const std::string& path, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(path, ": ", what));
}

// Of two states of one search: which is further, by a total order, so that
// which one came first does not matter.
bool IsFurther(const CampaignPart& part, const CampaignPart& than) {
  if (part.timelines() != than.timelines()) {
    return part.timelines() > than.timelines();
  }
  // One search run twice: only clocks differ, or a recipe was shortened.
  return part.SerializeAsString() < than.SerializeAsString();
}

absl::StatusOr<CampaignParts> ReadMergedParts(const std::string& path) {
  CampaignParts parts;
  bool has_header = false;
  MergedHeader header;
  uint64_t records = 0;
  auto each = [&](absl::string_view bytes) -> absl::Status {
    const int size = static_cast<int>(bytes.size());
    if (!has_header) {
      has_header = true;
      if (!header.ParseFromArray(bytes.data(), size) ||
          header.schema_version() == 0) {
        return Damaged(path, "it is not the file of a merge");
      }
      if (header.schema_version() > kMergedSchemaVersion) {
        return absl::InvalidArgumentError(absl::StrCat(
            path, " was written by a newer version of this program"));
      }
      return absl::OkStatus();
    }
    CampaignPart part;
    if (!part.ParseFromArray(bytes.data(), size) ||
        part.config().campaign().empty()) {
      return Damaged(path, "a record is no part of a campaign");
    }
    ++records;
    AddPart(std::move(part), parts);
    return absl::OkStatus();
  };
  ASSIGN_OR_RETURN(const RecordFileExtent extent, ReadRecords(path, each));
  // It was written in one piece: whatever is missing got lost later.
  if (!has_header || extent.dropped_bytes > 0 || records != header.parts()) {
    return Damaged(path, "it is cut off");
  }
  return parts;
}

// What out already holds must not get lost.
absl::Status CheckReplaceable(const std::string& out,
                              const CampaignParts& parts) {
  if (Exists(SearchLogFile(out))) {
    return absl::InvalidArgumentError(
        absl::StrCat(out, " holds a search of its own: give another --out"));
  }
  if (!Exists(MergedPartsFile(out))) return absl::OkStatus();
  ASSIGN_OR_RETURN(const CampaignParts old,
                   ReadMergedParts(MergedPartsFile(out)));
  for (const auto& [identity, part] : old) {
    auto it = parts.find(identity);
    if (it != parts.end() && it->second.timelines() >= part.timelines()) {
      continue;
    }
    return absl::InvalidArgumentError(absl::StrCat(
        out, " holds a search with seed ", part.config().seed(), " and ",
        part.timelines(), " timelines that would get lost: give ", out,
        " as an input, too, or another --out"));
  }
  return absl::OkStatus();
}

absl::Status MakeDirectories(const std::string& path) {
  for (size_t end = 1; end <= path.size(); ++end) {
    if (end < path.size() && path[end] != '/') continue;
    const std::string directory = path.substr(0, end);
    if (mkdir(directory.c_str(), 0777) == 0 || errno == EEXIST) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("cannot write --out: ", directory, ": ", strerror(errno)));
  }
  return absl::OkStatus();
}

absl::Status WriteBugs(const CampaignPart& total, const std::string& out) {
  for (int i = 0; i < total.bugs_size(); ++i) {
    RETURN_IF_ERROR(WriteRecipeFile(
        absl::StrCat(out, "/", BugRecipeFile(i + 1)), total.bugs(i).recipe()));
  }
  // Another merge was here with more of them, under other numbers.
  for (int i = total.bugs_size();; ++i) {
    const std::string stale = absl::StrCat(out, "/", BugRecipeFile(i + 1));
    if (unlink(stale.c_str()) != 0) return absl::OkStatus();
  }
}

// Adds one part's share to what is known of the same thing.
void AddMark(const PartMark& mark, std::map<uint64_t, PartMark>& marks) {
  auto [it, is_new] = marks.emplace(mark.key(), mark);
  if (is_new) return;
  PartMark& sum = it->second;
  sum.set_first_timeline(std::min(sum.first_timeline(), mark.first_timeline()));
  sum.set_discoveries(sum.discoveries() + mark.discoveries());
  sum.set_branches(sum.branches() + mark.branches());
  sum.set_fruitful(sum.fruitful() + mark.fruitful());
  sum.set_discoveries_below(sum.discoveries_below() + mark.discoveries_below());
  sum.set_reaches(std::min(sum.reaches() + mark.reaches(), kMaxReaches));
}

struct SourcedBug {
  PartBug bug;
  std::string source;
};

void AddBug(const PartBug& bug, const std::string& source,
            std::map<uint64_t, SourcedBug>& bugs) {
  auto [it, is_new] = bugs.emplace(bug.identity(), SourcedBug{bug, source});
  if (is_new) return;
  PartBug& sum = it->second.bug;
  sum.set_first_timeline(std::min(sum.first_timeline(), bug.first_timeline()));
  sum.set_timelines(sum.timelines() + bug.timelines());
  if (!IsShorterRecipe(bug.recipe(), sum.recipe())) return;
  *sum.mutable_recipe() = bug.recipe();
  it->second.source = source;
}

// The same assertion may have moved between two builds; one place is enough.
void AddAssertion(const PartAssertion& assertion,
                  std::map<uint64_t, PartAssertion>& assertions) {
  auto [it, is_new] = assertions.emplace(assertion.id(), assertion);
  if (is_new) return;
  it->second.set_passes(it->second.passes() + assertion.passes());
  it->second.set_fails(it->second.fails() + assertion.fails());
}

// Which of its edges each search covered is not known any more: at least so
// many are by all of them.
void AddFunction(const PartFunction& function,
                 std::map<std::string, PartFunction>& functions) {
  auto [it, is_new] = functions.emplace(function.name(), function);
  if (is_new) return;
  PartFunction& sum = it->second;
  if (function.covered() > 0 &&
      (sum.covered() == 0 ||
       function.first_timeline() < sum.first_timeline())) {
    sum.set_first_timeline(function.first_timeline());
  }
  sum.set_last_timeline(
      std::max(sum.last_timeline(), function.last_timeline()));
  sum.set_edges(std::max(sum.edges(), function.edges()));
  sum.set_covered(std::max(sum.covered(), function.covered()));
  sum.set_functions(std::max(sum.functions(), function.functions()));
}

void AddTotals(const CampaignPart& part, CampaignPart& total) {
  total.set_timelines(total.timelines() + part.timelines());
  total.set_draws(total.draws() + part.draws());
  total.set_events(total.events() + part.events());
  total.set_discoveries(total.discoveries() + part.discoveries());
  total.set_discoveries_dropped(total.discoveries_dropped() +
                                part.discoveries_dropped());
  total.set_died(total.died() + part.died());
  total.set_wall_seconds(total.wall_seconds() + part.wall_seconds());
  total.set_cpu_seconds(total.cpu_seconds() + part.cpu_seconds());
}

}  // namespace

std::string MergedPartsFile(const std::string& directory) {
  return absl::StrCat(directory, "/merged.parts");
}

void AddPart(CampaignPart part, CampaignParts& parts) {
  std::string identity = part.config().SerializeAsString();
  auto it = parts.find(identity);
  if (it == parts.end()) {
    parts.emplace(std::move(identity), std::move(part));
  } else if (IsFurther(part, it->second)) {
    it->second = std::move(part);
  }
}

absl::StatusOr<CampaignParts> ReadParts(const std::string& directory) {
  CampaignParts parts;
  const bool has_search = Exists(SearchLogFile(directory));
  if (Exists(MergedPartsFile(directory))) {
    ASSIGN_OR_RETURN(parts, ReadMergedParts(MergedPartsFile(directory)));
  } else if (!has_search) {
    return absl::NotFoundError(absl::StrCat(
        directory,
        " has neither search.log nor merged.parts: give a directory "
        "that 'explore' or 'merge' wrote to its --out"));
  }
  if (has_search) {
    ASSIGN_OR_RETURN(CampaignSummary summary, ReadCampaign(directory));
    AddPart(std::move(summary.part), parts);
  }
  return parts;
}

PartsView Combine(const CampaignParts& parts) {
  PartsView view;
  std::map<uint64_t, PartMark> marks;
  std::map<uint64_t, SourcedBug> bugs;
  std::map<uint64_t, PartAssertion> assertions;
  std::map<std::string, PartFunction> functions;
  for (const auto& [identity, part] : parts) {
    AddTotals(part, view.total);
    for (const PartMark& mark : part.marks()) AddMark(mark, marks);
    for (const PartBug& bug : part.bugs()) AddBug(bug, identity, bugs);
    for (const PartAssertion& assertion : part.assertions()) {
      AddAssertion(assertion, assertions);
    }
    for (const PartFunction& function : part.functions()) {
      AddFunction(function, functions);
    }
  }
  std::vector<const PartMark*> by_first;
  for (const auto& [key, mark] : marks) by_first.push_back(&mark);
  std::sort(by_first.begin(), by_first.end(),
            [](const PartMark* a, const PartMark* b) {
              return std::make_pair(a->first_timeline(), a->key()) <
                     std::make_pair(b->first_timeline(), b->key());
            });
  for (const PartMark* mark : by_first) *view.total.add_marks() = *mark;

  std::vector<const SourcedBug*> found;
  for (const auto& [identity, bug] : bugs) found.push_back(&bug);
  std::sort(
      found.begin(), found.end(), [](const SourcedBug* a, const SourcedBug* b) {
        return std::make_pair(a->bug.first_timeline(), a->bug.identity()) <
               std::make_pair(b->bug.first_timeline(), b->bug.identity());
      });
  for (const SourcedBug* bug : found) {
    *view.total.add_bugs() = bug->bug;
    view.bug_sources.push_back(bug->source);
  }
  for (const auto& [id, assertion] : assertions) {
    *view.total.add_assertions() = assertion;
  }
  SortByPlace(*view.total.mutable_assertions());
  for (const auto& [name, function] : functions) {
    *view.total.add_functions() = function;
  }
  return view;
}

absl::StatusOr<MergeResult> MergeCampaigns(absl::Span<const std::string> inputs,
                                           const std::string& out) {
  CampaignParts parts;
  std::string campaign;
  for (const std::string& input : inputs) {
    ASSIGN_OR_RETURN(CampaignParts more, ReadParts(input));
    for (auto& [identity, part] : more) {
      const std::string& name = part.config().campaign();
      if (campaign.empty()) campaign = name;
      if (name != campaign) {
        return absl::InvalidArgumentError(
            absl::StrCat(input, " explores ", name, ", and others ", campaign,
                         ": merge the searches of one campaign"));
      }
      AddPart(std::move(part), parts);
    }
  }
  RETURN_IF_ERROR(CheckReplaceable(out, parts));
  RETURN_IF_ERROR(MakeDirectories(absl::StrCat(out, "/bugs")));
  std::vector<std::string> records;
  MergedHeader header;
  header.set_schema_version(kMergedSchemaVersion);
  header.set_parts(parts.size());
  records.push_back(header.SerializeAsString());
  for (const auto& [identity, part] : parts) {
    records.push_back(part.SerializeAsString());
  }
  RETURN_IF_ERROR(RecordWriter::Create(MergedPartsFile(out), records).status());
  const PartsView view = Combine(parts);
  RETURN_IF_ERROR(WriteBugs(view.total, out));
  return MergeResult{.parts = parts.size(),
                     .bugs = static_cast<size_t>(view.total.bugs_size()),
                     .timelines = view.total.timelines()};
}

}  // namespace moonpool
