// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/directory/campaign_summary.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "explorer/directory/log.pb.h"
#include "explorer/directory/search_log.h"
#include "explorer/recipe/outcome.h"
#include "explorer/recipe/recipe.h"
#include "providers/base/status_macros.h"

namespace moonpool {
namespace {

// A splitpoint, as the search numbered it.
struct Place {
  int parent = -1;  // on the way from the root
  int mark = -1;    // -1: a root
  int tree = 0;     // the timeline that made it
  size_t segments = 0;  // of its timeline's recipe, those that had begun
  uint64_t segment_draws = 0;
  uint64_t draws = 0;
};

// Of a LoggedFunction or a PartFunction.
template <typename Function>
void AddCovered(const Function& part, PartFunction& sum) {
  if (part.covered() == 0) return;
  if (sum.covered() == 0 || part.first_timeline() < sum.first_timeline()) {
    sum.set_first_timeline(part.first_timeline());
  }
  sum.set_last_timeline(std::max(sum.last_timeline(), part.last_timeline()));
  sum.set_covered(sum.covered() + part.covered());
}

// Follows a log from its first record to its last.
class LogReader {
 public:
  explicit LogReader(std::string path) : path_(std::move(path)) {
    places_.emplace_back();
    summary_.tree.emplace_back();
    branched_at_.push_back(TreeTimeline::kNone);
  }

  absl::StatusOr<CampaignSummary> Read() {
    SearchLogVisitor visitor;
    visitor.config = [this](const SearchConfig& config) {
      *part().mutable_config() = config;
      places_[0].tree = 0;
      summary_.tree[0].root_seed = config.seed();
      if (config.around().empty()) return absl::OkStatus();
      ASSIGN_OR_RETURN(around_, ParseRecipe(config.around()));
      summary_.tree[0].root_seed = around_.root_seed;
      return absl::OkStatus();
    };
    visitor.assertion = [this](const LoggedAssertionName& name) {
      PartAssertion& assertion = assertions_[name.id()];
      assertion.set_kind(name.kind());
      assertion.set_message(name.message());
      assertion.set_place(name.place());
      return absl::OkStatus();
    };
    visitor.batch = [this](const LoggedBatch& batch) { return Batch(batch); };
    ASSIGN_OR_RETURN(const RecordFileExtent extent,
                     ReadSearchLog(path_, visitor));
    summary_.dropped_bytes = extent.dropped_bytes;
    SetDiscoveriesBelow();
    SetAssertions();
    SetFunctions();
    SetPoints();
    return std::move(summary_);
  }

 private:
  // What was known after so many timelines; one for each that changed it.
  struct Step {
    uint64_t timelines = 0;
    uint64_t discoveries = 0;
    uint64_t marks = 0;
    uint64_t bugs = 0;
  };

  CampaignPart& part() { return summary_.part; }

  absl::Status Damaged(absl::string_view what) const {
    return absl::DataLossError(absl::StrCat(path_, ": ", what));
  }

  absl::Status Batch(const LoggedBatch& batch) {
    for (const LoggedTimeline& timeline : batch.timelines()) {
      RETURN_IF_ERROR(Timeline(timeline));
    }
    part().set_timelines(batch.first() + batch.count());
    part().set_draws(part().draws() + batch.draws());
    part().set_events(part().events() + batch.events());
    part().set_wall_seconds(batch.wall_seconds());
    part().set_cpu_seconds(batch.cpu_seconds());
    part().set_tree_hash(batch.tree_hash());
    walls_.emplace_back(part().timelines(), batch.wall_seconds());
    for (const LoggedFunction& logged : batch.functions()) {
      PartFunction& function = functions_[logged.number()];
      if (!logged.name().empty()) function.set_name(logged.name());
      if (logged.edges() > 0) function.set_edges(logged.edges());
      AddCovered(logged, function);
    }
    for (const LoggedAssertion& counts : batch.assertions()) {
      PartAssertion& assertion = assertions_[counts.id()];
      assertion.set_passes(assertion.passes() + counts.passes());
      assertion.set_fails(assertion.fails() + counts.fails());
    }
    return SparseCounts(batch);
  }

  absl::Status SparseCounts(const LoggedBatch& batch) {
    if (batch.branch_splitpoints_size() != batch.branch_counts_size() ||
        batch.again_marks_size() != batch.again_counts_size()) {
      return Damaged("a batch counts without saying what");
    }
    for (int i = 0; i < batch.branch_counts_size(); ++i) {
      const uint32_t splitpoint = batch.branch_splitpoints(i);
      if (splitpoint >= places_.size()) {
        return Damaged(absl::StrCat("there is no splitpoint ", splitpoint));
      }
      const Place& place = places_[splitpoint];
      summary_.tree[place.tree].branches += batch.branch_counts(i);
      if (place.mark < 0) continue;
      PartMark& mark = *part().mutable_marks(place.mark);
      mark.set_branches(mark.branches() + batch.branch_counts(i));
    }
    for (int i = 0; i < batch.again_counts_size(); ++i) {
      if (batch.again_marks(i) >= static_cast<uint32_t>(part().marks_size())) {
        return Damaged(absl::StrCat("there is no mark ", batch.again_marks(i)));
      }
      PartMark& mark =
          *part().mutable_marks(static_cast<int>(batch.again_marks(i)));
      mark.set_reaches(mark.reaches() + batch.again_counts(i));
    }
    return absl::OkStatus();
  }

  absl::Status Timeline(const LoggedTimeline& logged) {
    const int at = logged.splitpoint();
    if (at >= static_cast<int>(places_.size())) {
      return Damaged(
          absl::StrCat("timeline ", logged.number(), " branches off nowhere"));
    }
    const int index = static_cast<int>(summary_.tree.size());
    TreeTimeline timeline;
    timeline.number = logged.number();
    timeline.root_seed = logged.root_seed();
    timeline.seed = logged.seed();
    timeline.streams = FromProtoStreams(logged.streams());
    timeline.died = !logged.finished();
    // The first is the campaign's seed itself, and no branch.
    const bool is_root = at < 0 || logged.number() == 0;
    timeline.parent = is_root ? 0 : places_[at].tree;
    if (!is_root) {
      timeline.segments = static_cast<uint32_t>(places_[at].segments) + 1;
      timeline.split_draws = places_[at].draws;
    } else if (logged.number() == 0) {
      timeline.segments = static_cast<uint32_t>(around_.breakpoints.size());
    }
    summary_.tree.push_back(std::move(timeline));
    branched_at_.push_back(is_root ? TreeTimeline::kNone : at);
    part().set_discoveries_dropped(part().discoveries_dropped() +
                                   logged.discoveries_dropped());
    Discoveries(logged, index);
    Outcome(logged, index);
    const TreeTimeline& added = summary_.tree[index];
    if (added.discoveries.empty() && !added.has_ways && added.bug < 0) {
      // Others were before it with all that it discovered.
      summary_.tree.pop_back();
      branched_at_.pop_back();
      return absl::OkStatus();
    }
    const Step step = {.timelines = logged.number() + 1,
                       .discoveries = part().discoveries(),
                       .marks = static_cast<uint64_t>(part().marks_size()),
                       .bugs = static_cast<uint64_t>(part().bugs_size())};
    steps_.push_back(step);
    return absl::OkStatus();
  }

  void Discoveries(const LoggedTimeline& logged, int index) {
    TreeTimeline& timeline = summary_.tree[index];
    int parent = logged.splitpoint();
    for (const LoggedDiscovery& found : logged.discoveries()) {
      if (!found.accepted()) continue;
      if (parent < 0) {
        parent = static_cast<int>(places_.size());
        places_.push_back({.tree = index});
      }
      auto [it, is_new] = mark_index_.emplace(found.key(), part().marks_size());
      if (is_new) AddMark(logged, found);
      if (found.is_way()) {
        timeline.has_ways = true;
      } else {
        PartMark& mark = *part().mutable_marks(it->second);
        mark.set_discoveries(mark.discoveries() + 1);
        part().set_discoveries(part().discoveries() + 1);
        timeline.discoveries.push_back(
            {.mark = static_cast<uint32_t>(it->second),
             .is_first = is_new,
             .time_ns = found.time_ns()});
      }
      places_.push_back({.parent = parent,
                         .mark = it->second,
                         .tree = index,
                         .segments = timeline.segments -
                                     std::min<size_t>(timeline.segments,
                                                      found.pending()),
                         .segment_draws = found.segment_draws(),
                         .draws = found.draws()});
      parent = static_cast<int>(places_.size()) - 1;
    }
    const int from = branched_at_[index];
    if (timeline.discoveries.empty() || from < 0 || places_[from].mark < 0) {
      return;
    }
    PartMark& mark = *part().mutable_marks(places_[from].mark);
    mark.set_fruitful(mark.fruitful() + 1);
  }

  void AddMark(const LoggedTimeline& logged, const LoggedDiscovery& found) {
    PartMark& mark = *part().add_marks();
    mark.set_key(found.key());
    mark.set_label(found.label());
    mark.set_assertion(found.assertion());
    mark.set_first_timeline(logged.number() + 1);
    mark.set_reaches(1);
  }

  // As the search itself counts and keeps its bugs.
  void Outcome(const LoggedTimeline& logged, int index) {
    if (!logged.finished()) part().set_died(part().died() + 1);
    if (logged.finished() && !logged.has_violation()) return;
    const ExpectedViolation violation =
        logged.has_violation()
            ? logged.violation()
            : ExpectedOf(CrashViolation(logged.wait_status()));
    auto [it, is_new] =
        bug_index_.emplace(violation.identity(), part().bugs_size());
    summary_.tree[index].bug = it->second;
    if (is_new) part().add_bugs()->set_identity(violation.identity());
    PartBug& bug = *part().mutable_bugs(it->second);
    bug.set_timelines(bug.timelines() + 1);
    if (is_new) bug.set_first_timeline(logged.number() + 1);
    BugRecipe recipe = RecipeOf(logged, violation, index);
    if (is_new || IsShorterRecipe(recipe, bug.recipe())) {
      *bug.mutable_recipe() = std::move(recipe);
    }
  }

  BugRecipe RecipeOf(const LoggedTimeline& logged,
                     const ExpectedViolation& violation, int index) {
    BugRecipe recipe;
    recipe.set_schema_version(kRecipeSchemaVersion);
    recipe.set_campaign(part().config().campaign());
    *recipe.mutable_parameters() = part().config().parameters();
    recipe.set_root_seed(logged.root_seed());
    SetSegments(SegmentsOf(index), recipe);
    *recipe.mutable_expected() = violation;
    recipe.set_build_id(part().config().build_id());
    if (!logged.finished()) return recipe;
    recipe.set_trace_hash(logged.trace_hash());
    recipe.set_events(logged.events());
    recipe.set_draws(logged.draws());
    *recipe.mutable_trace_samples() = logged.trace_samples();
    return recipe;
  }

  std::vector<Breakpoint> SegmentsOf(int index) const {
    std::vector<int> way;  // from the timeline up to its root
    for (int at = index; at >= 0;) {
      way.push_back(at);
      at = branched_at_[at] < 0 ? -1 : places_[branched_at_[at]].tree;
    }
    std::vector<Breakpoint> segments;
    if (summary_.tree[way.back()].segments > 0) {
      segments = around_.breakpoints;
    }
    for (size_t i = way.size() - 1; i-- > 0;) {
      const TreeTimeline& timeline = summary_.tree[way[i]];
      const Place& place = places_[branched_at_[way[i]]];
      segments.resize(place.segments);
      segments.push_back(
          {place.segment_draws, timeline.seed, timeline.streams});
    }
    return segments;
  }

  // Each discovery counts once for each mark above it, also if several of the
  // mark's splitpoints are on the way: for the outermost one.
  void SetDiscoveriesBelow() {
    const int count = static_cast<int>(places_.size());
    std::vector<uint64_t> below(places_.size());
    std::vector<int> first_child(places_.size(), -1);
    std::vector<int> sibling(places_.size(), -1);
    for (int i = count - 1; i > 0; --i) {
      const int parent = places_[i].parent;
      if (parent < 0) continue;
      below[parent] += below[i] + 1;
      sibling[i] = first_child[parent];
      first_child[parent] = i;
    }
    std::vector<int> open(part().marks_size());
    for (int root = 0; root < count; ++root) {
      if (places_[root].parent >= 0) continue;
      for (int at = first_child[root]; at >= 0;) {
        const int mark = places_[at].mark;
        if (open[mark]++ == 0) {
          PartMark& outer = *part().mutable_marks(mark);
          outer.set_discoveries_below(outer.discoveries_below() + below[at]);
        }
        if (first_child[at] >= 0) {
          at = first_child[at];
          continue;
        }
        // Up again, to the next one that has a sibling.
        while (at != root) {
          --open[places_[at].mark];
          if (sibling[at] >= 0) break;
          at = places_[at].parent;
        }
        at = at == root ? -1 : sibling[at];
      }
    }
  }

  void SetAssertions() {
    for (auto& [id, assertion] : assertions_) {
      assertion.set_id(id);
      *part().add_assertions() = std::move(assertion);
    }
    SortByPlace(*part().mutable_assertions());
  }

  void SetFunctions() {
    std::map<std::string, PartFunction> by_name;
    for (const auto& [number, function] : functions_) {
      PartFunction& sum = by_name[function.name()];
      sum.set_name(function.name());
      sum.set_edges(sum.edges() + function.edges());
      if (function.name().empty()) sum.set_functions(sum.functions() + 1);
      AddCovered(function, sum);
    }
    for (auto& [name, function] : by_name) {
      *part().add_functions() = std::move(function);
    }
  }

  // The wall time between two batches passes evenly.
  double WallAfter(uint64_t timelines) const {
    std::pair<uint64_t, double> before = {0, 0};
    for (const auto& after : walls_) {
      if (after.first < timelines) {
        before = after;
        continue;
      }
      const uint64_t span = after.first - before.first;
      if (span == 0) return after.second;
      return before.second + (after.second - before.second) *
                                 static_cast<double>(timelines - before.first) /
                                 static_cast<double>(span);
    }
    return before.second;
  }

  void SetPoints() {
    const uint64_t total = part().timelines();
    const uint64_t count = std::min(total, kEvenPoints);
    std::set<uint64_t> at;
    for (uint64_t i = 0; i <= count && count > 0; ++i) {
      at.insert(total / count * i + total % count * i / count);
    }
    for (uint64_t n = 1; n < total; n += n / 8 + 1) at.insert(n);
    Step now;
    size_t next = 0;
    for (const uint64_t timelines : at) {
      while (next < steps_.size() && steps_[next].timelines <= timelines) {
        now = steps_[next++];
      }
      PartPoint& point = *part().add_points();
      point.set_timelines(timelines);
      point.set_wall_seconds(WallAfter(timelines));
      point.set_discoveries(now.discoveries);
      point.set_marks(now.marks);
      point.set_bugs(now.bugs);
    }
  }

  const std::string path_;
  CampaignSummary summary_;
  TextRecipe around_;  // without breakpoints if the search began with its seed
  std::vector<Place> places_;
  // For each of the tree: the splitpoint it branched off, if any.
  std::vector<int> branched_at_;
  std::map<uint64_t, int> mark_index_;
  std::map<uint64_t, int> bug_index_;
  std::map<uint64_t, PartAssertion> assertions_;
  std::map<uint32_t, PartFunction> functions_;  // by number
  std::vector<Step> steps_;
  std::vector<std::pair<uint64_t, double>> walls_;
};

}  // namespace

void SortByPlace(
    google::protobuf::RepeatedPtrField<PartAssertion>& assertions) {
  auto key = [](const PartAssertion& assertion) {
    const std::string& place = assertion.place();
    const size_t colon = place.rfind(':');
    int line = 0;
    if (colon == std::string::npos ||
        !absl::SimpleAtoi(place.substr(colon + 1), &line)) {
      line = 0;
    }
    return std::make_tuple(place.substr(0, colon), line, assertion.id());
  };
  std::sort(assertions.begin(), assertions.end(),
            [&key](const PartAssertion& a, const PartAssertion& b) {
              return key(a) < key(b);
            });
}

bool IsShorterRecipe(const BugRecipe& recipe, const BugRecipe& than) {
  if (recipe.segments_size() != than.segments_size()) {
    return recipe.segments_size() < than.segments_size();
  }
  // One without draws crashed: how long it was is not known.
  return recipe.draws() != 0 && recipe.draws() < than.draws();
}

absl::StatusOr<CampaignSummary> ReadCampaign(const std::string& directory) {
  LogReader reader(SearchLogFile(directory));
  ASSIGN_OR_RETURN(CampaignSummary summary, reader.Read());
  for (int i = 0; i < summary.part.bugs_size(); ++i) {
    PartBug& bug = *summary.part.mutable_bugs(i);
    const absl::StatusOr<BugRecipe> recipe =
        ReadRecipeFile(absl::StrCat(directory, "/", BugRecipeFile(i + 1)));
    // The log has one anyway.
    if (!recipe.ok() || recipe->expected().identity() != bug.identity() ||
        recipe->campaign() != bug.recipe().campaign() ||
        recipe->build_id() != bug.recipe().build_id() ||
        !IsShorterRecipe(*recipe, bug.recipe())) {
      continue;
    }
    *bug.mutable_recipe() = *recipe;
  }
  return summary;
}

}  // namespace moonpool
