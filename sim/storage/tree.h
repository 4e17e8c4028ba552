// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// DiskTree: the names of one disk: directories, files, and the journal of
// those operations on names that are not durable yet. Of these a crash keeps a
// part, by the DirectoryDurability:
//
//   kStrict   gentle law: a uniform prefix for each directory; torn writes:
//             all with keep_all, else each operation with 1/2. An operation
//             that builds on a lost one (the same directory, or with torn
//             writes the same name) is lost too; a rename is never halved.
//   kOrdered  a uniform prefix of all.
//   kAtOnce   nothing is ever lost.
//
// As a file system commits its log now and then, only the youngest
// kMaxVolatile operations are volatile; older ones are durable by themselves.
#ifndef MOONPOOL_SIM_STORAGE_TREE_H_
#define MOONPOOL_SIM_STORAGE_TREE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "providers/storage.h"
#include "sim/storage/detail_random.h"
#include "sim/storage/faults.h"
#include "sim/storage/inode.h"
#include "sim/storage/pages.h"

namespace moonpool {

class DiskTree {
 public:
  struct Directory;
  // What a name stands for: a file, a directory, or (neither) nothing.
  struct Node {
    std::shared_ptr<Inode> file;
    std::shared_ptr<Directory> directory;
    explicit operator bool() const {
      return file != nullptr || directory != nullptr;
    }
  };
  struct Directory {
    explicit Directory(uint64_t id) : id(id) {}
    const uint64_t id;
    absl::btree_map<std::string, Node> entries;
  };
  static constexpr size_t kMaxVolatile = 1024;

  DiskTree(DirectoryDurability durability, uint64_t capacity_bytes);
  DiskTree(const DiskTree&) = delete;

  // All paths are as in providers/storage.h, and so are the errors.
  absl::StatusOr<Node> Find(absl::string_view path) const;
  // read_only: the disk is.
  absl::StatusOr<std::shared_ptr<Inode>> Open(absl::string_view path,
                                              const OpenOptions& options,
                                              bool read_only);
  absl::StatusOr<std::vector<std::string>> List(absl::string_view path) const;
  absl::Status Rename(absl::string_view from, absl::string_view to);
  absl::Status Remove(absl::string_view path);
  absl::Status CreateDirectory(absl::string_view path);
  absl::Status RemoveDirectory(absl::string_view path);
  // Covers the operations up to number last.
  absl::Status SyncDirectory(absl::string_view path, uint64_t last);
  // The number of operations on names so far.
  uint64_t issued() const { return issued_; }

  // Names an open file; never given twice, also after a swap of disks.
  uint64_t NextHandle() { return ++last_handle_; }

  size_t volatile_operations() const { return journal_.size(); }
  // A power cut: the names. Returns how many operations were lost.
  size_t CrashNames(const CrashLaw& law, uint64_t draw);

  // Calls f(path, inode) for each file, in the order of the paths.
  using FileVisitor =
      std::function<void(const std::string&, const std::shared_ptr<Inode>&)>;
  using DirectoryVisitor = std::function<void(const std::string&)>;
  void ForEach(const FileVisitor& file,
               const DirectoryVisitor& directory = nullptr) const;
  // As if nothing unsynced of the names had survived but these operations of
  // the journal; calls f, then restores the present names.
  void With(const std::vector<bool>& kept, const std::function<void()>& f);
  // Calls f with each set of operations that a crash may keep; f says whether
  // to go on. False if it did not.
  bool ForEachCrash(
      const CrashLaw& law,
      const std::function<bool(const std::vector<bool>&)>& f) const;
  // Everything is durable.
  void ForgetVolatile() { journal_.clear(); }
  // Removes everything, durably.
  void Clear();
  // For each file from now on, see Inode::KeepHistory.
  void KeepHistory();

 private:
  struct Change {
    std::shared_ptr<Directory> directory;
    std::string name;
    Node before;
    Node after;
  };
  struct Operation {
    std::vector<Change> changes;
    bool moves_directory = false;
    uint64_t number = 0;
  };
  // What later operations must not build upon.
  class Taint;

  absl::Status Walk(absl::string_view path, std::shared_ptr<Directory>* parent,
                    std::string* name) const;
  void Commit(Operation operation);
  static void Set(const Change& change, const Node& node);
  void Undo() const;
  void Redo(const std::vector<bool>& kept) const;
  bool EnumerateFrom(
      const CrashLaw& law, size_t index, std::vector<bool>& kept,
      const std::function<bool(const std::vector<bool>&)>& f) const;
  static void Rename(const Node& node, const std::string& path);

  const DirectoryDurability durability_;
  std::shared_ptr<PageBudget> budget_;
  bool keeps_history_ = false;
  uint64_t last_id_ = 0;
  uint64_t last_handle_ = 0;
  uint64_t issued_ = 0;
  std::shared_ptr<Directory> root_;
  std::vector<Operation> journal_;  // oldest first
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_TREE_H_
