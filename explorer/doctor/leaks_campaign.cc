// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// A sick campaign for the doctor: in the course of event 4 a value leaks into
// the simulation that does not follow from the seed.
#include <dirent.h>
#include <langinfo.h>
#include <locale.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "explorer/campaign.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "providers/providers.h"
#include "sim/runner/builder.h"
#include "sim/runner/context.h"
#include "sim/runner/workload.h"

namespace moonpool {
namespace {

// Static initialisers of one program always run in one order. What does vary
// from process to process is what they may read before main, such as the
// kernel's random bytes; here a registry is ordered by them.
uint64_t ProcessSalt() {
  uint64_t salt = 0;
  memcpy(&salt, reinterpret_cast<const void*>(getauxval(AT_RANDOM)),
         sizeof(salt));
  return salt;
}

const std::vector<int>& registry = *new auto([] {
  std::vector<int> parts(64);
  for (int i = 0; i < 64; ++i) parts[static_cast<size_t>(i)] = i;
  const uint64_t salt = ProcessSalt();
  const auto key = [salt](int part) {
    return Combine64(salt, static_cast<uint64_t>(part));
  };
  std::sort(parts.begin(), parts.end(),
            [key](int a, int b) { return key(a) < key(b); });
  return parts;
}());

template <typename Items>
uint64_t HashOfOrder(const Items& items) {
  uint64_t hash = 0;
  for (int item : items) hash = Combine64(hash, static_cast<uint64_t>(item));
  return hash;
}

uint64_t PointerKeyedMap() {
  std::vector<std::unique_ptr<int>> owned;
  std::map<const int*, int> by_address;
  for (int i = 0; i < 20; ++i) {
    owned.push_back(std::make_unique<int>(i));
    by_address[owned.back().get()] = i;
  }
  uint64_t hash = 0;
  for (const auto& [address, value] : by_address) {
    hash = Combine64(hash, static_cast<uint64_t>(value));
  }
  return hash;
}

uint64_t UninitialisedRead() {
  auto* memory = new volatile unsigned char[40];
  const uint64_t value = memory[33];
  delete[] memory;
  return value;
}

uint64_t RawClock() {
  timespec now = {};
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  return static_cast<uint64_t>(now.tv_nsec);
}

uint64_t StandardClock() {
  return static_cast<uint64_t>(
      std::chrono::steady_clock::now().time_since_epoch().count());
}

uint64_t ThreadResult() {
  uint64_t result = 0;
  try {
    std::thread([&result] { result = 1; }).join();
  } catch (const std::exception&) {
  }
  return result;
}

uint64_t DirectoryOrder() {
  uint64_t hash = 0;
  DIR* directory = opendir("/usr");
  CHECK(directory != nullptr);
  while (const dirent* entry = readdir(directory)) {
    hash = Combine64(hash, HashBytes(entry->d_name));
  }
  closedir(directory);
  return hash;
}

uint64_t HashTableOrder() {
  absl::flat_hash_set<int> set;
  for (int i = 0; i < 100; ++i) set.insert(i);
  return HashOfOrder(set);
}

uint64_t LocaleCodes() {
  setlocale(LC_ALL, "");
  const uint64_t hash = HashBytes(nl_langinfo(CODESET));
  setlocale(LC_ALL, "C");
  return hash;
}

uint64_t AddressInALog() {
  const auto object = std::make_unique<int>(1);
  printf("opened %p\n", static_cast<void*>(object.get()));
  return 0;
}

uint64_t UserName() {
  const char* user = getenv("USER");
  return HashBytes(user == nullptr ? "" : user);
}

struct Leak {
  const char* name;
  uint64_t (*value)();
};

constexpr Leak kLeaks[] = {
    {"none", [] { return uint64_t{0}; }},
    {"pointer_map", &PointerKeyedMap},
    {"uninitialised", &UninitialisedRead},
    {"clock", &RawClock},
    {"std_clock", &StandardClock},
    {"thread", &ThreadResult},
    {"rand", [] { return static_cast<uint64_t>(rand()); }},
    {"environment", &UserName},
    {"pid", [] { return static_cast<uint64_t>(getpid()); }},
    {"directory", &DirectoryOrder},
    {"hash_salt", &HashTableOrder},
    {"static_init", [] { return HashOfOrder(registry); }},
    {"locale", &LocaleCodes},
    {"address_log", &AddressInALog},
};

class Patient final : public Workload {
 public:
  explicit Patient(const Leak* leak) : leak_(leak) {}
  absl::string_view name() const override { return "patient"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    for (int step = 1; step <= 40; ++step) {
      co_await ctx.time().Sleep(absl::Milliseconds(10));
      if (step == 4) TakeIn(ctx.random());
      ctx.random().Next();
    }
    co_return absl::OkStatus();
  }

 private:
  // The leaked value decides how many numbers are drawn.
  void TakeIn(Random& random) {
    const uint64_t draws = Mix64(leak_->value()) % 1000;
    for (uint64_t i = 0; i < draws; ++i) random.Next();
  }

  const Leak* const leak_;
};

}  // namespace

REGISTER_CAMPAIGN(leaks, "Leaks something into the simulation") {
  const std::string name = params.String("leak", "none", "what leaks");
  const auto* leak = std::find_if(
      std::begin(kLeaks), std::end(kLeaks),
      [&name](const Leak& candidate) { return candidate.name == name; });
  CHECK(leak != std::end(kLeaks)) << "there is no leak " << name;
  SimulationBuilder builder;
  builder.Workload(std::make_unique<Patient>(leak));
  return builder;
}

}  // namespace moonpool
