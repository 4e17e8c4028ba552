// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/attrition.h"

#include <array>
#include <utility>

#include "providers/base/check.h"

namespace moonpool {
namespace {

// Weights given as floating point become integers once, here.
uint64_t Weight(double weight) {
  CHECK(weight >= 0) << "a weight of attrition is negative";
  return static_cast<uint64_t>(weight * 10000 + 0.5);
}

class Attrition final : public FaultInjector {
 public:
  Attrition(const AttritionOptions& options, const AttritionMask& mask)
      : options_(options),
        enabled_(mask.enabled && options.max_dead > 0),
        weights_({mask.graceful ? Weight(options.prob_graceful) : 0,
                  mask.crash ? Weight(options.prob_crash) : 0,
                  mask.wipe ? Weight(options.prob_wipe) : 0,
                  mask.crash ? Weight(options.prob_power_loss) : 0}) {}

  absl::string_view name() const override { return "attrition"; }

  Task<absl::Status> Inject(FaultContext& ctx) override {
    if (!enabled_) co_return absl::OkStatus();
    for (;;) {
      co_await ctx.WaitBetween(options_.interval_min, options_.interval_max);
      const std::vector<std::string> victims = PickVictims(ctx);
      if (victims.empty() || !WithinBudget(options_, ctx, victims)) continue;
      const RebootKind kind = PickKind(ctx.random());
      for (const std::string& ip : victims) {
        const absl::Status status = ctx.Reboot(ip, kind);
        CHECK(status.ok()) << status.message();
      }
    }
  }

 private:
  std::vector<std::string> PickVictims(FaultContext& ctx) const {
    const std::vector<std::string> up = ctx.up_ips();
    if (up.empty()) return {};
    if (!options_.scope.has_value()) return {ctx.random().Pick(up)};
    const std::vector<std::string> domains =
        ctx.topology().domains(*options_.scope);
    if (domains.empty()) return {};
    std::vector<std::string> victims;
    for (std::string& ip : ctx.topology().ips_in_domain(
             *options_.scope, ctx.random().Pick(domains))) {
      if (ctx.is_up(ip)) victims.push_back(std::move(ip));
    }
    return victims;
  }

  RebootKind PickKind(Random& random) const {
    if (weights_[0] + weights_[1] + weights_[2] + weights_[3] == 0) {
      return RebootKind::kCrash;
    }
    return static_cast<RebootKind>(random.Weighted(
        {weights_[0], weights_[1], weights_[2], weights_[3]}));
  }

  const AttritionOptions options_;
  const bool enabled_;
  const std::array<uint64_t, 4> weights_;
};

}  // namespace

bool WithinBudget(const AttritionOptions& options, const FaultContext& ctx,
                  const std::vector<std::string>& victims) {
  std::vector<std::string> dead = ctx.dead_ips();
  dead.insert(dead.end(), victims.begin(), victims.end());
  return dead.size() <= static_cast<size_t>(options.max_dead) &&
         (options.can_kill == nullptr || options.can_kill(dead));
}

std::unique_ptr<FaultInjector> MakeAttrition(const AttritionOptions& options,
                                             const AttritionMask& mask) {
  return std::make_unique<Attrition>(options, mask);
}

}  // namespace moonpool
