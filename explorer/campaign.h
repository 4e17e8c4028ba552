// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Campaigns: named simulation set-ups that the explorer can run, explore and
// replay.
//
//   REGISTER_CAMPAIGN(kv, "Three in-memory servers behind a model check") {
//     const bool durable = params.Bool("durable", false, "sync before ack");
//     return SimulationBuilder().Processes(...).Workload(...);
//   }
//   // BUILD.bazel: sim_binary(name = "my_explorer",
//   //                  deps = [":kv_campaign", "@moonpool//explorer:main"])
//   // and cc_library(name = "kv_campaign", alwayslink = True, ...)
//
// A parameter is declared where it is read: 'explorer list kv' shows it,
// '--param durable=true' sets it, and a recipe records it.
#ifndef MOONPOOL_EXPLORER_CAMPAIGN_H_
#define MOONPOOL_EXPLORER_CAMPAIGN_H_

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sim/runner/builder.h"

namespace moonpool {

class CampaignParams {
 public:
  using Values = std::map<std::string, std::string>;
  struct Declaration {
    std::string name;
    std::string type;  // "bool", "int", "string"
    std::string default_value;
    std::string help;
  };

  explicit CampaignParams(Values values) : values_(std::move(values)) {}

  // Both included.
  struct Limits {
    int64_t least = std::numeric_limits<int64_t>::min();
    int64_t most = std::numeric_limits<int64_t>::max();
  };

  // Each reads one parameter. A value of the wrong form, or beyond the limits,
  // is an error of status(), and the default is returned.
  bool Bool(absl::string_view name, bool default_value,
            absl::string_view help) const;
  // Limits are added to the help.
  int64_t Int(absl::string_view name, int64_t default_value,
              absl::string_view help) const {
    return Int(name, default_value, help, Limits());
  }
  int64_t Int(absl::string_view name, int64_t default_value,
              absl::string_view help, const Limits& limits) const;
  std::string String(absl::string_view name, absl::string_view default_value,
                     absl::string_view help) const;

  // One of the choices, which are added to the help; the first is the default.
  std::string Choice(absl::string_view name,
                     const std::vector<std::string>& choices,
                     absl::string_view help) const;

  const std::vector<Declaration>& declarations() const {
    return declarations_;
  }
  // InvalidArgument, saying what to do, if a value was malformed or too large
  // or small, or a given parameter was never read.
  absl::Status status() const;

 private:
  const std::string* Declare(absl::string_view name, absl::string_view type,
                             std::string default_value,
                             absl::string_view help) const;

  Values values_;
  mutable std::vector<Declaration> declarations_;
  mutable std::string error_;
};

struct Campaign {
  using Factory = SimulationBuilder (*)(const CampaignParams& params);
  std::string name;
  std::string description;
  Factory factory = nullptr;
};

// All campaigns linked into this program, by name.
const std::map<std::string, Campaign>& Campaigns();
// NotFound, naming those that exist.
absl::StatusOr<const Campaign*> FindCampaign(absl::string_view name);
// Builds the simulation; errors are those of CampaignParams::status.
absl::StatusOr<SimulationBuilder> BuildCampaign(const Campaign& campaign,
                                                const CampaignParams& params);

namespace internal {
struct CampaignRegistration {
  CampaignRegistration(absl::string_view name, absl::string_view description,
                       Campaign::Factory factory);
};
}  // namespace internal
}  // namespace moonpool

#define REGISTER_CAMPAIGN(name, description)                            \
  static ::moonpool::SimulationBuilder MoonpoolCampaign_##name(         \
      const ::moonpool::CampaignParams& params);                        \
  static const ::moonpool::internal::CampaignRegistration               \
      moonpool_registration_##name(#name, description,                  \
                                   &MoonpoolCampaign_##name);           \
  static ::moonpool::SimulationBuilder MoonpoolCampaign_##name(         \
      [[maybe_unused]] const ::moonpool::CampaignParams& params)

#endif  // MOONPOOL_EXPLORER_CAMPAIGN_H_
