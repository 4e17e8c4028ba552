// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/bug_ledger.h"

#include "explorer/recipe/outcome.h"
#include "explorer/recipe/recipe.h"
#include "explorer/search/log_codec.h"

namespace moonpool::explorer {

bool BugLedger::Commit(const Job& done, const JobSlot& slot,
                       uint64_t timelines) {
  if (slot.has_violation.load() == 0) return false;
  const Violation violation = ViolationOf(slot.violation);
  auto [it, is_new] = index_.emplace(violation.identity, bugs_.size());
  if (!is_new) {
    Bug& bug = bugs_[it->second];
    ++bug.timelines;
    const size_t shortest = static_cast<size_t>(bug.recipe.segments_size());
    const bool is_shorter =
        done.segments.size() < shortest ||
        (done.segments.size() == shortest && slot.finished.load() != 0 &&
         slot.draws < bug.recipe.draws());
    if (!is_shorter) return false;
    bug.recipe = RecipeOf(done, slot, violation);
    if (options_.on_shorter_recipe) options_.on_shorter_recipe(bug);
    return true;
  }
  Bug bug;
  bug.number = bugs_.size() + 1;
  bug.first_timeline = timelines;
  bug.timelines = 1;
  bug.recipe = RecipeOf(done, slot, violation);
  bugs_.push_back(std::move(bug));
  if (options_.on_bug) options_.on_bug(bugs_.back());
  return true;
}

BugRecipe BugLedger::RecipeOf(const Job& done, const JobSlot& slot,
                              const Violation& violation) const {
  BugRecipe recipe;
  recipe.set_schema_version(kRecipeSchemaVersion);
  recipe.set_campaign(options_.campaign);
  for (const auto& [name, value] : options_.parameters) {
    CampaignParameter* parameter = recipe.add_parameters();
    parameter->set_name(name);
    parameter->set_value(value);
  }
  recipe.set_root_seed(done.root_seed);
  SetSegments(done.segments, recipe);
  *recipe.mutable_expected() = ExpectedOf(violation);
  recipe.set_build_id(options_.build_id);
  if (slot.finished.load() == 0) return recipe;
  recipe.set_trace_hash(slot.trace_hash);
  recipe.set_events(slot.events);
  recipe.set_draws(slot.draws);
  for (uint32_t i = 0; i < slot.sample_count; ++i) {
    TraceSample* sample = recipe.add_trace_samples();
    sample->set_events(slot.samples[i].events);
    sample->set_draws(slot.samples[i].draws);
    sample->set_hash(slot.samples[i].hash);
  }
  return recipe;
}

}  // namespace moonpool::explorer
