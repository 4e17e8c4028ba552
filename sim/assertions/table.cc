// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/assertions/table.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "sim/core/arena.h"

// The linker gathers the addresses of all sites here; weak, because a program
// may have none.
extern "C" {
extern moonpool::AssertionSite* const __start_moonpool_assertions[]
    __attribute__((weak));
extern moonpool::AssertionSite* const __stop_moonpool_assertions[]
    __attribute__((weak));
}

namespace moonpool {
namespace {

uint64_t IdOf(AssertionKind kind, absl::string_view message) {
  return HashBytes(message, static_cast<uint64_t>(kind) + 1);
}

constexpr size_t kInitialIndex = 256;

}  // namespace

absl::string_view AssertionKindName(AssertionKind kind) {
  switch (kind) {
    case AssertionKind::kAlways: return "always";
    case AssertionKind::kAlwaysOrUnreachable: return "always_or_unreachable";
    case AssertionKind::kSometimes: return "sometimes";
    case AssertionKind::kReachable: return "reachable";
    case AssertionKind::kUnreachable: return "unreachable";
    case AssertionKind::kNumericAlways: return "always_numeric";
    case AssertionKind::kNumericSometimes: return "sometimes_numeric";
    case AssertionKind::kSometimesAll: return "sometimes_all";
    case AssertionKind::kSometimesEach: return "sometimes_each";
    case AssertionKind::kState: return "state";
  }
  return "unknown";
}

void AssertionSite::Resolve() {
  // The first call builds the table, which resolves every linked site.
  AssertionTable& table = AssertionTable::Get();
  CHECK(entry_ != nullptr)
      << "the linker dropped an assertion from the table: " << message << " ("
      << file << ":" << line << "), " << table.entries().size()
      << " entries are left";
}

AssertionTable& AssertionTable::Get() {
  static AssertionTable* table = [] {
    Arena::OutsideScope outside;
    return new AssertionTable();
  }();
  return *table;
}

AssertionTable::AssertionTable() : index_(kInitialIndex) {
  buckets_.reserve(kInitialIndex / 2);
  std::vector<AssertionSite*> sites(__start_moonpool_assertions,
                                    __stop_moonpool_assertions);
  // A canonical order, whatever the linker's: the smallest (id, file, line)
  // site of each assertion gives its entry.
  std::sort(sites.begin(), sites.end(),
            [](const AssertionSite* a, const AssertionSite* b) {
              return std::make_tuple(IdOf(a->kind, a->message), a->file,
                                     a->line) <
                     std::make_tuple(IdOf(b->kind, b->message), b->file,
                                     b->line);
            });
  for (AssertionSite* site : sites) site->entry_ = Resolve(site);
}

AssertionEntry* AssertionTable::Resolve(AssertionSite* site) {
  Arena::OutsideScope outside;
  const uint64_t id = IdOf(site->kind, site->message);
  for (AssertionEntry& entry : entries_) {
    if (entry.id != id) continue;
    CHECK(entry.kind == site->kind && entry.message == site->message)
        << "two assertions share the 64-bit id " << id;
    return &entry;
  }
  AssertionEntry entry;
  entry.id = id;
  entry.index = static_cast<uint32_t>(entries_.size());
  entry.kind = site->kind;
  entry.comparison = site->comparison;
  entry.message = site->message;
  entry.file = site->file;
  entry.line = site->line;
  entries_.push_back(entry);
  return &entries_.back();
}

// Both write only what is not so already: in a process that has just been
// forked, a page that is written to is copied.
void AssertionTable::BeginWorld() {
  for (AssertionEntry& entry : entries_) {
    if (!entry.reached && !entry.has_watermark) continue;
    entry.reached = false;
    entry.has_watermark = false;
    entry.watermark = 0;
    entry.lead = 0;
    entry.level = 0;
  }
  if (!buckets_.empty()) {
    std::fill(index_.begin(), index_.end(), 0);
    buckets_.clear();
  }
  if (!largest_sets_.empty()) largest_sets_.clear();
  violations_.clear();
}

void AssertionTable::ResetCounts() {
  for (AssertionEntry& entry : entries_) {
    if ((entry.passes | entry.fails) != 0) entry.passes = entry.fails = 0;
  }
}

void AssertionTable::Report(Violation violation) {
  Arena::OutsideScope outside;
  // One timeline can violate a property a million times; the first ones tell.
  constexpr size_t kMaxViolations = 100;
  if (violations_.size() >= kMaxViolations) return;
  violations_.push_back(Violation(violation));
  if (observer_ != nullptr) observer_->OnViolation(violations_.back());
}

std::vector<std::string> AssertionTable::ContractErrors() const {
  std::map<absl::string_view, const AssertionEntry*> by_message;
  std::vector<std::string> errors;
  for (const AssertionEntry& entry : entries_) {
    auto [it, inserted] = by_message.emplace(entry.message, &entry);
    if (inserted) continue;
    const AssertionEntry& other = *it->second;
    errors.push_back(absl::StrCat(
        "\"", entry.message, "\" is declared as ",
        AssertionKindName(other.kind), " at ", other.file, ":", other.line,
        " and as ", AssertionKindName(entry.kind), " at ", entry.file, ":",
        entry.line, ": give one of them another message"));
  }
  return errors;
}

bool AssertionTable::HitBucket(uint64_t key, const MarkQuality& quality) {
  for (size_t at = key;; ++at) {
    const uint32_t place = index_[at & (index_.size() - 1)];
    if (place == 0) break;
    Bucket& bucket = buckets_[place - 1];
    if (bucket.key != key) continue;
    if (!(bucket.quality < quality)) return false;
    bucket.quality = quality;
    return true;
  }
  AddBucket(key, quality);
  return true;
}

bool AssertionTable::HitSet(const AssertionEntry& entry, uint64_t key,
                            uint64_t set) {
  // Whether it is largest or not, a set is compared with the others only once.
  if (!HitBucket(key, {})) return false;
  Arena::OutsideScope outside;
  std::vector<uint64_t>& largest = largest_sets_[entry.index];
  for (const uint64_t other : largest) {
    if ((set & other) == set) return false;
  }
  std::erase_if(largest,
                [set](uint64_t other) { return (other & set) == other; });
  largest.push_back(set);
  return true;
}

void AssertionTable::AddBucket(uint64_t key, const MarkQuality& quality) {
  Arena::OutsideScope outside;
  if (buckets_.size() * 2 < index_.size()) {
    buckets_.push_back({key, quality});
    Insert(static_cast<uint32_t>(buckets_.size()));
    return;
  }
  index_.assign(index_.size() * 2, 0);
  buckets_.reserve(index_.size() / 2);
  buckets_.push_back({key, quality});
  for (uint32_t place = 1; place <= buckets_.size(); ++place) Insert(place);
}

void AssertionTable::Insert(uint32_t place) {
  size_t at = buckets_[place - 1].key;
  while (index_[at & (index_.size() - 1)] != 0) ++at;
  index_[at & (index_.size() - 1)] = place;
}

ContractReport ValidateAssertions(absl::Span<const AssertionEntry> entries) {
  ContractReport report;
  for (const AssertionEntry& entry : entries) {
    const uint64_t total = entry.passes + entry.fails;
    const std::string name =
        absl::StrCat("\"", entry.message, "\" (", entry.file, ":", entry.line,
                     ")");
    switch (entry.kind) {
      case AssertionKind::kAlways:
      case AssertionKind::kAlwaysOrUnreachable:
      case AssertionKind::kNumericAlways:
        if (entry.fails > 0) {
          report.violations.push_back(absl::StrCat(
              name, " failed ", entry.fails, " of ", total, " times"));
        } else if (total == 0 &&
                   entry.kind != AssertionKind::kAlwaysOrUnreachable) {
          report.misses.push_back(absl::StrCat(name, " was never evaluated"));
        }
        break;
      case AssertionKind::kUnreachable:
        if (total > 0) {
          report.violations.push_back(
              absl::StrCat(name, " was reached ", total, " times"));
        }
        break;
      case AssertionKind::kSometimes:
      case AssertionKind::kNumericSometimes:
      case AssertionKind::kSometimesAll:
        if (entry.passes == 0) {
          report.misses.push_back(
              total == 0 ? absl::StrCat(name, " was never evaluated")
                         : absl::StrCat(name, " was never true in ", total,
                                        " evaluations"));
        }
        break;
      case AssertionKind::kReachable:
      case AssertionKind::kSometimesEach:
        if (entry.passes == 0) {
          report.misses.push_back(absl::StrCat(name, " was never reached"));
        }
        break;
      case AssertionKind::kState:
        break;  // it promises nothing
    }
  }
  return report;
}

}  // namespace moonpool
