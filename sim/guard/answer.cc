// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/guard/answer.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "providers/base/hash.h"
#include "sim/assertions/table.h"
#include "sim/core/arena.h"
#include "sim/guard/guard.h"
#include "sim/guard/stack.h"

namespace moonpool {
namespace {

constinit GuardMode mode = GuardMode::kVirtual;

bool StartsWithAny(absl::string_view name,
                   std::initializer_list<absl::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [name](absl::string_view prefix) {
                       return absl::StartsWith(name, prefix);
                     });
}

// The libraries between the code that is to blame and the replaced function.
bool IsPlumbing(absl::string_view name) {
  return StartsWithAny(name, {"std::", "absl::", "Absl", "__gnu_cxx::"});
}

}  // namespace

namespace guard {
namespace {

void Report(World& world, const char* function, const char* advice) {
  Arena::OutsideScope outside;
  std::vector<std::string> stack = SymbolizedStack();
  // Innermost are the guard's own functions and then the replaced one.
  const auto replaced =
      std::find_if(stack.begin(), stack.end(), [](const std::string& name) {
        return !absl::StartsWith(name, "moonpool::guard::");
      });
  if (replaced != stack.end()) stack.erase(stack.begin(), replaced + 1);
  const auto blamed = std::find_if_not(stack.begin(), stack.end(), IsPlumbing);
  const std::string caller =
      blamed == stack.end() ? "an unknown function" : *blamed;
  Violation violation;
  violation.kind = "determinism";
  violation.message =
      absl::StrCat(function, " is called by ", caller, ": ", advice);
  violation.identity =
      HashBytes(absl::StrCat(violation.kind, "\n", violation.message));
  for (const Violation& known : AssertionTable::Get().violations()) {
    if (known.identity == violation.identity) return;
  }
  if (stack.size() > 16) stack.resize(16);
  violation.details = absl::StrJoin(stack, " < ");
  violation.time_ns = world.now_ns();
  violation.event = world.events();
  violation.draw = world.random().draws();
  AssertionTable::Get().Report(std::move(violation));
}

}  // namespace

World* Guarded() {
  World* world = World::Current();
  if (world == nullptr || !Arena::InScope() || mode == GuardMode::kOff) {
    return nullptr;
  }
  return world;
}

World* GuardedAnswer(const char* function) {
  World* world = Guarded();
  if (world != nullptr && mode == GuardMode::kForbid) {
    Report(*world, function,
           "take time from ctx.time() and randomness from ctx.random()");
  }
  return world;
}

World* GuardedRefusal(const char* function, const char* advice) {
  World* world = Guarded();
  if (world != nullptr) Report(*world, function, advice);
  return world;
}

uint64_t Entropy(World& world) {
  if (world.in_teardown()) return Mix64(world.random().draws());
  return world.entropy().Next();
}

void FillEntropy(World& world, void* buffer, size_t size) {
  char* at = static_cast<char*>(buffer);
  while (size > 0) {
    const uint64_t word = Entropy(world);
    const size_t part = std::min(size, sizeof(word));
    memcpy(at, &word, part);
    at += part;
    size -= part;
  }
}

}  // namespace guard

void SetGuardMode(GuardMode new_mode) { mode = new_mode; }
GuardMode guard_mode() { return mode; }

}  // namespace moonpool
