// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/report/report.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "explorer/campaign.h"
#include "explorer/directory/search_log.h"
#include "explorer/recipe/atomic_file.h"
#include "explorer/recipe/outcome.h"
#include "explorer/recipe/recipe.h"
#include "google/protobuf/util/json_util.h"
#include "providers/base/check.h"

namespace moonpool {
namespace {

void SetViolation(const ExpectedViolation& violation, ReportedBug& bug) {
  bug.set_identity(HashToHex(violation.identity()));
  bug.set_kind(ToValidUtf8(violation.kind()));
  bug.set_message(ToValidUtf8(violation.message()));
  bug.set_details(ToValidUtf8(violation.details()));
  bug.set_place(ToValidUtf8(violation.place()));
  bug.set_simulated_seconds(static_cast<double>(violation.time_ns()) / 1e9);
}

ReportedBug* FindBug(const std::string& identity, ExplorationReport& report) {
  for (ReportedBug& bug : *report.mutable_bugs()) {
    if (bug.identity() == identity) return &bug;
  }
  return nullptr;
}

void AddParameter(const std::string& name, const std::string& value,
                  ExplorationReport& report) {
  ReportedParameter* parameter = report.add_parameters();
  parameter->set_name(ToValidUtf8(name));
  parameter->set_value(ToValidUtf8(value));
}

}  // namespace

ExplorationReport ReportOfExplore(const ExploreOptions& options,
                                  const ExploreResult& result) {
  ExplorationReport report;
  report.set_command("explore");
  report.set_campaign(options.campaign);
  for (const auto& [name, value] : options.parameters) {
    AddParameter(name, value, report);
  }
  report.set_seed(absl::StrCat(options.seed));
  report.set_workers(static_cast<uint32_t>(options.workers));
  report.set_timelines(static_cast<double>(result.timelines));
  report.set_forks(static_cast<double>(result.forks));
  report.set_draws(static_cast<double>(result.draws));
  report.set_events(static_cast<double>(result.events));
  report.set_discoveries(static_cast<double>(result.discoveries));
  report.set_wall_seconds(result.wall_seconds);
  report.set_cpu_seconds(result.cpu_seconds);
  report.set_stopped_by(result.stopped_by);
  report.set_build_id(options.build_id);
  report.set_tree_hash(HashToHex(result.tree_hash));
  report.set_restored_timelines(static_cast<double>(result.restored_timelines));
  for (const Bug& found : result.bugs) {
    ReportedBug* bug = report.add_bugs();
    SetViolation(found.recipe.expected(), *bug);
    bug->set_first_timeline(static_cast<double>(found.first_timeline));
    bug->set_timelines(static_cast<double>(found.timelines));
    bug->set_recipe(FormatRecipe(found.recipe));
    bug->set_recipe_file(BugRecipeFile(found.number));
  }
  AddAssertions(result.assertions, report);
  for (const CoveredFunction& covered : result.functions) {
    ReportedFunction* function = report.add_functions();
    function->set_name(ToValidUtf8(covered.name));
    function->set_edges(static_cast<double>(covered.edges));
    function->set_covered(static_cast<double>(covered.covered));
    function->set_first_timeline(static_cast<double>(covered.first_timeline));
    function->set_last_timeline(static_cast<double>(covered.last_timeline));
    report.set_edges(report.edges() + function->edges());
    report.set_edges_covered(report.edges_covered() + function->covered());
  }
  return report;
}

ExplorationReport ReportOfReplay(const BugRecipe& recipe,
                                 const TimelineOutcome& outcome,
                                 const ReplayVerdict& verdict) {
  ExplorationReport report;
  report.set_command("replay");
  report.set_campaign(recipe.campaign());
  for (const CampaignParameter& parameter : recipe.parameters()) {
    AddParameter(parameter.name(), parameter.value(), report);
  }
  report.set_seed(absl::StrCat(recipe.root_seed()));
  report.set_workers(1);
  report.set_timelines(1);
  report.set_forks(1);
  report.set_draws(static_cast<double>(outcome.draws()));
  report.set_events(static_cast<double>(outcome.events()));
  report.set_stopped_by(outcome.violations().empty() ? "timelines"
                                                     : "first_bug");
  report.set_build_id(BuildId());
  if (!outcome.violations().empty()) {
    ReportedBug* bug = report.add_bugs();
    SetViolation(outcome.violations(0), *bug);
    bug->set_first_timeline(1);
    bug->set_timelines(1);
    bug->set_recipe(FormatRecipe(recipe));
  }
  *report.mutable_replay() = verdict;
  return report;
}

void AddIteration(const IterationResult& iteration, ExplorationReport& report) {
  report.set_timelines(report.timelines() + 1);
  report.set_draws(report.draws() + static_cast<double>(iteration.draws));
  report.set_events(report.events() + static_cast<double>(iteration.events));
  if (iteration.violations.empty()) return;
  const Violation& violation = iteration.violations.front();
  ReportedBug* bug = FindBug(HashToHex(violation.identity), report);
  if (bug == nullptr) {
    bug = report.add_bugs();
    SetViolation(ExpectedOf(violation), *bug);
    bug->set_first_timeline(report.timelines());
    bug->set_recipe(FormatRecipe(iteration.seed, {}));
  }
  bug->set_timelines(bug->timelines() + 1);
}

void AddAssertions(absl::Span<const AssertionEntry> entries,
                   ExplorationReport& report) {
  std::vector<AssertionEntry> sorted(entries.begin(), entries.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const AssertionEntry& a, const AssertionEntry& b) {
              return std::tie(a.file, a.line, a.id) <
                     std::tie(b.file, b.line, b.id);
            });
  std::set<absl::string_view> entered;
  for (const AssertionEntry& entry : sorted) {
    if (entry.passes + entry.fails > 0) entered.insert(entry.file);
  }
  // A program with several campaigns has the others' assertions too.
  const bool shows_all = Campaigns().size() <= 1;
  for (const AssertionEntry& entry : sorted) {
    ReportedAssertion* assertion = report.add_assertions();
    assertion->set_name(ToValidUtf8(entry.message));
    assertion->set_kind(std::string(AssertionKindName(entry.kind)));
    assertion->set_passes(static_cast<double>(entry.passes));
    assertion->set_fails(static_cast<double>(entry.fails));
    assertion->set_reached(entry.passes + entry.fails > 0);
    assertion->set_place(
        ToValidUtf8(absl::StrCat(entry.file, ":", entry.line)));
    if (!shows_all && !entered.contains(entry.file)) continue;
    for (const std::string& miss :
         ValidateAssertions(absl::MakeConstSpan(&entry, 1)).misses) {
      report.add_misses(ToValidUtf8(miss));
    }
  }
}

std::string ReportToJson(const ExplorationReport& report) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string json;
  CHECK(
      google::protobuf::util::MessageToJsonString(report, &json, options).ok());
  return json;
}

absl::Status WriteReportJson(const std::string& path,
                             const ExplorationReport& report) {
  return WriteFileAtomically(path, ReportToJson(report));
}

}  // namespace moonpool
