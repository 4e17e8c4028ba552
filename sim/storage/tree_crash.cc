// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "providers/base/status_macros.h"
#include "sim/storage/tree.h"

namespace moonpool {

// A set of directories or, when writes tear, of names in them.
class DiskTree::Taint {
 public:
  explicit Taint(bool by_name) : by_name_(by_name) {}
  bool Touches(const Operation& operation) const {
    if (all_) return true;
    for (const Change& change : operation.changes) {
      if (keys_.contains(Key(change))) return true;
    }
    return false;
  }
  void Add(const Operation& operation) {
    // Lost moves of directories could tie the tree into a ring.
    all_ |= operation.moves_directory;
    for (const Change& change : operation.changes) keys_.insert(Key(change));
  }

 private:
  std::pair<uint64_t, std::string> Key(const Change& change) const {
    return {change.directory->id, by_name_ ? change.name : std::string()};
  }
  const bool by_name_;
  bool all_ = false;
  absl::btree_set<std::pair<uint64_t, std::string>> keys_;
};

void DiskTree::Set(const Change& change, const Node& node) {
  if (node) {
    change.directory->entries[change.name] = node;
  } else {
    change.directory->entries.erase(change.name);
  }
}

void DiskTree::Commit(Operation operation) {
  for (const Change& change : operation.changes) Set(change, change.after);
  if (durability_ == DirectoryDurability::kAtOnce) return;
  operation.number = ++issued_;
  journal_.push_back(std::move(operation));
  // Half at once, so that it stays cheap.
  if (journal_.size() > kMaxVolatile) {
    journal_.erase(journal_.begin(), journal_.begin() + kMaxVolatile / 2);
  }
}

void DiskTree::Undo() const {
  for (size_t i = journal_.size(); i-- > 0;) {
    const std::vector<Change>& changes = journal_[i].changes;
    for (size_t j = changes.size(); j-- > 0;)
      Set(changes[j], changes[j].before);
  }
}

void DiskTree::Redo(const std::vector<bool>& kept) const {
  for (size_t i = 0; i < journal_.size(); ++i) {
    if (!kept[i]) continue;
    for (const Change& change : journal_[i].changes) Set(change, change.after);
  }
}

absl::Status DiskTree::SyncDirectory(absl::string_view path, uint64_t last) {
  ASSIGN_OR_RETURN(const Node node, Find(path));
  if (node.directory == nullptr) {
    return absl::FailedPreconditionError("not a directory");
  }
  if (journal_.empty()) return absl::OkStatus();
  // Its operations and those they build upon, youngest first.
  absl::btree_set<uint64_t> directories = {node.directory->id};
  std::vector<bool> durable(journal_.size(), false);
  bool later = false;  // kOrdered: everything before one is durable too
  for (size_t i = journal_.size(); i-- > 0;) {
    const Operation& operation = journal_[i];
    if (operation.number > last) continue;
    bool touches = later && durability_ == DirectoryDurability::kOrdered;
    for (const Change& change : operation.changes) {
      touches |= directories.contains(change.directory->id);
    }
    if (!touches) continue;
    later = true;
    durable[i] = true;
    for (const Change& change : operation.changes) {
      directories.insert(change.directory->id);
    }
  }
  std::vector<Operation> rest;
  for (size_t i = 0; i < journal_.size(); ++i) {
    if (!durable[i]) rest.push_back(std::move(journal_[i]));
  }
  journal_ = std::move(rest);
  return absl::OkStatus();
}

size_t DiskTree::CrashNames(const CrashLaw& law, uint64_t draw) {
  DetailRandom random(draw);
  std::vector<bool> kept(journal_.size(), true);
  Taint lost(law.torn_writes);
  if (durability_ == DirectoryDurability::kOrdered) {
    const size_t count = random.Below(journal_.size() + 1);
    std::fill(kept.begin() + static_cast<int64_t>(count), kept.end(), false);
  } else if (law.torn_writes) {
    const bool keep_all = random.Happens(law.keep_all);
    for (size_t i = 0; i < journal_.size() && !keep_all; ++i) {
      kept[i] = !lost.Touches(journal_[i]) && random.Chance({1, 2});
      if (!kept[i]) lost.Add(journal_[i]);
    }
  } else {
    // How many operations of each directory survive.
    absl::btree_map<uint64_t, uint64_t> left;
    auto directories = [](const Operation& operation) {
      absl::btree_set<uint64_t> ids;
      for (const Change& change : operation.changes) {
        ids.insert(change.directory->id);
      }
      return ids;
    };
    for (const Operation& operation : journal_) {
      for (const uint64_t id : directories(operation)) ++left[id];
    }
    for (auto& [id, count] : left) count = random.Below(count + 1);
    for (size_t i = 0; i < journal_.size(); ++i) {
      kept[i] = !lost.Touches(journal_[i]);
      for (const uint64_t id : directories(journal_[i])) {
        if (left[id] == 0) kept[i] = false;
      }
      for (const uint64_t id : directories(journal_[i])) {
        if (left[id] > 0) --left[id];
      }
      if (!kept[i]) lost.Add(journal_[i]);
    }
  }
  Undo();
  Redo(kept);
  journal_.clear();
  ForEach([](const std::string& path, const std::shared_ptr<Inode>& inode) {
    inode->set_path(path);
  });
  return static_cast<size_t>(std::count(kept.begin(), kept.end(), false));
}

void DiskTree::With(const std::vector<bool>& kept,
                    const std::function<void()>& f) {
  Undo();
  Redo(kept);
  f();
  // Back to what is durable, then forward again.
  for (size_t i = journal_.size(); i-- > 0;) {
    if (!kept[i]) continue;
    const std::vector<Change>& changes = journal_[i].changes;
    for (size_t j = changes.size(); j-- > 0;)
      Set(changes[j], changes[j].before);
  }
  Redo(std::vector<bool>(journal_.size(), true));
}

bool DiskTree::ForEachCrash(
    const CrashLaw& law,
    const std::function<bool(const std::vector<bool>&)>& f) const {
  std::vector<bool> kept(journal_.size(), true);
  if (durability_ != DirectoryDurability::kOrdered) {
    return EnumerateFrom(law, 0, kept, f);
  }
  for (size_t count = journal_.size() + 1; count-- > 0;) {
    if (count < kept.size()) kept[count] = false;
    if (!f(kept)) return false;
  }
  return true;
}

bool DiskTree::EnumerateFrom(
    const CrashLaw& law, size_t index, std::vector<bool>& kept,
    const std::function<bool(const std::vector<bool>&)>& f) const {
  if (index == journal_.size()) return f(kept);
  Taint lost(law.torn_writes);
  for (size_t i = 0; i < index; ++i) {
    if (!kept[i]) lost.Add(journal_[i]);
  }
  if (!lost.Touches(journal_[index])) {
    kept[index] = true;
    if (!EnumerateFrom(law, index + 1, kept, f)) return false;
  }
  kept[index] = false;
  return EnumerateFrom(law, index + 1, kept, f);
}

}  // namespace moonpool
