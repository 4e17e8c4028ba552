// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Buggify: places where code is unlucky on purpose, only in simulation.
//
//   if (BUGGIFY()) co_await time.Sleep(absl::Seconds(1));
//   if (BUGGIFY_WITH_PROB(1, 100)) co_return absl::UnavailableError("busy");
//   const int64_t batch = BUGGIFY_KNOB(int64_t{1000}, 1, 10);
//
// A site is a line of source. It takes two dice: one for the run decides
// whether the site is active at all (1/4, FoundationDB's value), one for each
// pass whether it fires (1/4, or the chance given). So in each run a few
// places are unlucky often, instead of all places now and then.
//
// Without a current Buggify, as in production, a site is a branch on a null
// pointer. Do not use one where the program may not be unlucky: a site must
// leave the program correct.
//
// Determinism: activation is drawn from a fixed stream keyed by the site's
// name "file:line": neither the order of first passes nor a recipe changes
// which sites are active. Firing draws once for each pass of an active site,
// from the explored stream "buggify"; nothing else draws.
#ifndef MOONPOOL_SIM_CHAOS_BUGGIFY_H_
#define MOONPOOL_SIM_CHAOS_BUGGIFY_H_

#include <concepts>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "providers/base/check.h"
#include "providers/random.h"
#include "sim/core/fault.h"
#include "sim/core/rng.h"
#include "sim/core/world.h"

namespace moonpool {

class BuggifySite;

// The buggify state of one run of a world.
class Buggify {
 public:
  static constexpr Ratio kActivation = {1, 4};
  static constexpr Ratio kFiring = {1, 4};

  // Of families, kBuggify turns on BUGGIFY and BUGGIFY_WITH_PROB, and kKnob
  // BUGGIFY_KNOB. Lifetime: world must outlive it.
  Buggify(World* world, const FaultSet& families);
  Buggify(const Buggify&) = delete;

  // Makes it the one that the sites of this thread ask.
  class Scope {
   public:
    explicit Scope(Buggify* buggify);
    Scope(const Scope&) = delete;
    ~Scope();

   private:
    Buggify* previous_;
  };
  static Buggify* Current() { return current_; }

  // Chaos is over: nothing fires any more and nothing is drawn.
  void Disable() { families_ = FaultSet::None(); }
  // Chaos begins, or goes on after a quiet period.
  void Enable(const FaultSet& families) { families_ = families; }

  bool Fires(BuggifySite& site, Ratio chance);
  // If the site fires, uniform in [0, span].
  std::optional<uint64_t> Knob(BuggifySite& site, uint64_t span);

  // Whether the site of this name is active in this run. Draws nothing that
  // is counted.
  bool IsActive(absl::string_view name) const;

 private:
  bool Roll(FaultFamily family, BuggifySite& site, Ratio chance);

  static inline thread_local constinit Buggify* current_ = nullptr;

  World* world_;
  FaultSet families_;
  RandomStream firing_;
  const uint64_t run_;  // of this process, for the sites' caches
};

// One macro expansion.
class BuggifySite {
 public:
  // REQUIRES: name is a literal.
  explicit constexpr BuggifySite(absl::string_view name) : name_(name) {}
  absl::string_view name() const { return name_; }

 private:
  friend class Buggify;
  const absl::string_view name_;
  // What was drawn, and for which run.
  uint64_t run_ = 0;
  bool is_active_ = false;
};

namespace internal {

inline bool BuggifyFires(BuggifySite& site, Ratio chance) {
  Buggify* const buggify = Buggify::Current();
  return __builtin_expect(buggify != nullptr, 0) &&
         buggify->Fires(site, chance);
}

template <std::integral T>
T BuggifyKnob(BuggifySite& site, T otherwise, std::type_identity_t<T> low,
              std::type_identity_t<T> high) {
  Buggify* const buggify = Buggify::Current();
  if (__builtin_expect(buggify == nullptr, 1)) return otherwise;
  CHECK(low <= high) << site.name() << " has an empty range";
  const std::optional<uint64_t> offset = buggify->Knob(
      site, static_cast<uint64_t>(high) - static_cast<uint64_t>(low));
  if (!offset.has_value()) return otherwise;
  return static_cast<T>(static_cast<uint64_t>(low) + *offset);
}

inline absl::Duration BuggifyKnob(BuggifySite& site, absl::Duration otherwise,
                                  absl::Duration low, absl::Duration high) {
  Buggify* const buggify = Buggify::Current();
  if (__builtin_expect(buggify == nullptr, 1)) return otherwise;
  CHECK(low <= high) << site.name() << " has an empty range";
  const std::optional<uint64_t> offset = buggify->Knob(
      site, static_cast<uint64_t>(absl::ToInt64Nanoseconds(high - low)));
  if (!offset.has_value()) return otherwise;
  return low + absl::Nanoseconds(static_cast<int64_t>(*offset));
}

}  // namespace internal
}  // namespace moonpool

#define MOONPOOL_BUGGIFY_TEXT2(x) #x
#define MOONPOOL_BUGGIFY_TEXT(x) MOONPOOL_BUGGIFY_TEXT2(x)
#define MOONPOOL_BUGGIFY_SITE()                        \
  ([]() -> ::moonpool::BuggifySite& {                  \
    static constinit ::moonpool::BuggifySite site(     \
        __FILE__ ":" MOONPOOL_BUGGIFY_TEXT(__LINE__)); \
    return site;                                       \
  }())

// True in 1/4 of the passes, in the runs in which the site is active.
#define BUGGIFY()                                              \
  (::moonpool::internal::BuggifyFires(MOONPOOL_BUGGIFY_SITE(), \
                                      ::moonpool::Buggify::kFiring))

// The same with another chance. REQUIRES: den > 0.
#define BUGGIFY_WITH_PROB(num, den)                            \
  (::moonpool::internal::BuggifyFires(MOONPOOL_BUGGIFY_SITE(), \
                                      ::moonpool::Ratio{(num), (den)}))

// The default, or uniform in [low, high] if the site fires (1/4). Integers,
// converted to the type of the default, and absl::Duration. REQUIRES: low <=
// high.
#define BUGGIFY_KNOB(otherwise, low, high)                                    \
  (::moonpool::internal::BuggifyKnob(MOONPOOL_BUGGIFY_SITE(), otherwise, low, \
                                     high))

#endif  // MOONPOOL_SIM_CHAOS_BUGGIFY_H_
