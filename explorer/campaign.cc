// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaign.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "providers/base/check.h"

namespace moonpool {
namespace {

// Filled by static initialisers, in any order.
std::map<std::string, Campaign>& Registry() {
  static auto* const registry = new std::map<std::string, Campaign>();
  return *registry;
}

// Digits and at most a leading minus: SimpleAtoi alone takes spaces and plus.
bool ParseInt64(absl::string_view text, int64_t& value) {
  const absl::string_view digits =
      text.substr(!text.empty() && text[0] == '-' ? 1 : 0);
  return !digits.empty() &&
         std::all_of(digits.begin(), digits.end(),
                     [](char c) { return c >= '0' && c <= '9'; }) &&
         absl::SimpleAtoi(text, &value);
}

// Empty: there are none.
std::string ToString(const CampaignParams::Limits& limits) {
  const CampaignParams::Limits none;
  if (limits.most == none.most) {
    return limits.least == none.least ? ""
                                      : absl::StrCat(limits.least, " or more");
  }
  return limits.least == none.least
             ? absl::StrCat(limits.most, " or less")
             : absl::StrCat(limits.least, " to ", limits.most);
}

}  // namespace

const std::string* CampaignParams::Declare(absl::string_view name,
                                           absl::string_view type,
                                           std::string default_value,
                                           absl::string_view help) const {
  const bool known = std::any_of(
      declarations_.begin(), declarations_.end(),
      [name](const Declaration& declared) { return declared.name == name; });
  if (!known) {
    declarations_.push_back({.name = std::string(name),
                             .type = std::string(type),
                             .default_value = std::move(default_value),
                             .help = std::string(help)});
  }
  const auto given = values_.find(std::string(name));
  return given == values_.end() ? nullptr : &given->second;
}

bool CampaignParams::Bool(absl::string_view name, bool default_value,
                          absl::string_view help) const {
  const std::string* value =
      Declare(name, "bool", default_value ? "true" : "false", help);
  if (value == nullptr) return default_value;
  if (*value == "true" || *value == "1") return true;
  if (*value == "false" || *value == "0") return false;
  if (error_.empty()) {
    error_ = absl::StrCat("malformed parameter: ", name, "=", *value,
                          ": give true or false");
  }
  return default_value;
}

int64_t CampaignParams::Int(absl::string_view name, int64_t default_value,
                            absl::string_view help,
                            const Limits& limits) const {
  CHECK(limits.least <= default_value && default_value <= limits.most)
      << "the default of parameter " << name << " is beyond its limits";
  const std::string range = ToString(limits);
  const std::string* value =
      Declare(name, "int", absl::StrCat(default_value),
              absl::StrCat(help, range.empty() ? "" : ", ", range));
  if (value == nullptr) return default_value;
  int64_t parsed = 0;
  const bool is_int = ParseInt64(*value, parsed);
  if (is_int && limits.least <= parsed && parsed <= limits.most) return parsed;
  if (error_.empty()) {
    error_ = absl::StrCat(
        is_int ? "parameter beyond its limits: " : "malformed parameter: ",
        name, "=", *value, ": give ",
        is_int ? range : "a decimal integer of 64 bits");
  }
  return default_value;
}

std::string CampaignParams::String(absl::string_view name,
                                   absl::string_view default_value,
                                   absl::string_view help) const {
  const std::string* value =
      Declare(name, "string", std::string(default_value), help);
  return value == nullptr ? std::string(default_value) : *value;
}

std::string CampaignParams::Choice(absl::string_view name,
                                   const std::vector<std::string>& choices,
                                   absl::string_view help) const {
  CHECK(!choices.empty()) << "parameter " << name << " has no choices";
  const std::string names = absl::StrJoin(choices, ", ");
  const std::string value =
      String(name, choices.front(), absl::StrCat(help, ": ", names));
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) {
    return value;
  }
  if (error_.empty()) {
    error_ = absl::StrCat("malformed parameter: ", name, "=", value,
                          ": give one of ", names);
  }
  return choices.front();
}

absl::Status CampaignParams::status() const {
  if (!error_.empty()) return absl::InvalidArgumentError(error_);
  std::vector<std::string> names;
  for (const Declaration& declared : declarations_) {
    names.push_back(declared.name);
  }
  for (const auto& [name, value] : values_) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "unknown parameter ", name, ": this campaign has ",
        names.empty() ? "none; leave it out"
                      : absl::StrJoin(names, ", ") + "; give one of these"));
  }
  return absl::OkStatus();
}

const std::map<std::string, Campaign>& Campaigns() { return Registry(); }

absl::StatusOr<const Campaign*> FindCampaign(absl::string_view name) {
  const auto found = Registry().find(std::string(name));
  if (found != Registry().end()) return &found->second;
  std::vector<std::string> names;
  for (const auto& [known, campaign] : Registry()) names.push_back(known);
  return absl::NotFoundError(absl::StrCat(
      "unknown campaign ", name, ": ",
      names.empty()
          ? "this program has none; link one in"
          : absl::StrCat("choose one of ", absl::StrJoin(names, ", "))));
}

absl::StatusOr<SimulationBuilder> BuildCampaign(const Campaign& campaign,
                                                const CampaignParams& params) {
  SimulationBuilder builder = campaign.factory(params);
  const absl::Status status = params.status();
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("campaign ", campaign.name, ": ", status.message()));
  }
  return builder;
}

namespace internal {

CampaignRegistration::CampaignRegistration(absl::string_view name,
                                           absl::string_view description,
                                           Campaign::Factory factory) {
  const bool is_new =
      Registry()
          .emplace(name, Campaign{.name = std::string(name),
                                  .description = std::string(description),
                                  .factory = factory})
          .second;
  CHECK(is_new) << "two campaigns are called " << name << ": rename one";
}

}  // namespace internal
}  // namespace moonpool
