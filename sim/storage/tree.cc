// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/storage/tree.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "providers/base/status_macros.h"

namespace moonpool {
namespace {

absl::Status NoSuchFile(absl::string_view path) {
  return absl::NotFoundError(absl::StrCat("no such file: ", path));
}

absl::Status NotADirectory(absl::string_view path) {
  return absl::FailedPreconditionError(absl::StrCat("not a directory: ", path));
}

absl::Status IsADirectory(absl::string_view path) {
  return absl::FailedPreconditionError(absl::StrCat("is a directory: ", path));
}

absl::Status CheckPath(absl::string_view path) {
  absl::string_view rest = path;
  while (true) {
    const size_t slash = rest.find('/');
    const absl::string_view part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == ".." ||
        part.find('\0') != absl::string_view::npos) {
      return absl::InvalidArgumentError(absl::StrCat(
          "a path is names joined by single slashes, not \"", path, "\""));
    }
    if (slash == absl::string_view::npos) return absl::OkStatus();
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace

DiskTree::DiskTree(DirectoryDurability durability, uint64_t capacity_bytes)
    : durability_(durability), budget_(std::make_shared<PageBudget>()) {
  budget_->capacity = capacity_bytes / kPageBytes;
  root_ = std::make_shared<Directory>(0);
}

absl::Status DiskTree::Walk(absl::string_view path,
                            std::shared_ptr<Directory>* parent,
                            std::string* name) const {
  RETURN_IF_ERROR(CheckPath(path));
  absl::string_view rest = path;
  *parent = root_;
  while (true) {
    const size_t slash = rest.find('/');
    *name = std::string(rest.substr(0, slash));
    if (slash == absl::string_view::npos) return absl::OkStatus();
    auto it = (*parent)->entries.find(*name);
    if (it == (*parent)->entries.end()) {
      return absl::NotFoundError(absl::StrCat("no such directory: ", path));
    }
    if (it->second.directory == nullptr) return NotADirectory(path);
    *parent = it->second.directory;
    rest.remove_prefix(slash + 1);
  }
}

absl::StatusOr<DiskTree::Node> DiskTree::Find(absl::string_view path) const {
  if (path.empty()) return Node{.directory = root_};
  std::shared_ptr<Directory> parent;
  std::string name;
  RETURN_IF_ERROR(Walk(path, &parent, &name));
  auto it = parent->entries.find(name);
  if (it == parent->entries.end()) return NoSuchFile(path);
  return it->second;
}

absl::StatusOr<std::shared_ptr<Inode>> DiskTree::Open(
    absl::string_view path, const OpenOptions& options, bool read_only) {
  if (options.truncate && !options.write) {
    return absl::InvalidArgumentError(
        "truncate needs write: the file would be changed");
  }
  std::shared_ptr<Directory> parent;
  std::string name;
  RETURN_IF_ERROR(Walk(path, &parent, &name));
  auto it = parent->entries.find(name);
  if (it != parent->entries.end()) {
    if (options.create_new) {
      return absl::AlreadyExistsError(absl::StrCat("file exists: ", path));
    }
    if (it->second.file == nullptr) return IsADirectory(path);
    if (options.truncate) {
      if (read_only) return absl::PermissionDeniedError("read-only disk");
      it->second.file->Resize(0);
    }
    return it->second.file;
  }
  if (!options.create && !options.create_new) return NoSuchFile(path);
  if (read_only) return absl::PermissionDeniedError("read-only disk");
  auto inode = std::make_shared<Inode>(++last_id_, std::string(path), budget_);
  if (keeps_history_) inode->KeepHistory();
  Commit({.changes = {{parent, name, {}, {.file = inode}}}});
  return inode;
}

absl::StatusOr<std::vector<std::string>> DiskTree::List(
    absl::string_view path) const {
  ASSIGN_OR_RETURN(const Node node, Find(path));
  if (node.directory == nullptr) return NotADirectory(path);
  std::vector<std::string> names;
  for (const auto& [name, entry] : node.directory->entries) {
    names.push_back(name);
  }
  return names;
}

absl::Status DiskTree::Rename(absl::string_view from, absl::string_view to) {
  std::shared_ptr<Directory> from_parent, to_parent;
  std::string from_name, to_name;
  RETURN_IF_ERROR(Walk(from, &from_parent, &from_name));
  RETURN_IF_ERROR(Walk(to, &to_parent, &to_name));
  auto it = from_parent->entries.find(from_name);
  if (it == from_parent->entries.end()) return NoSuchFile(from);
  if (from == to) return absl::OkStatus();
  const Node node = it->second;
  if (node.directory != nullptr &&
      absl::StartsWith(to, absl::StrCat(from, "/"))) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot move ", from, " into itself"));
  }
  Node replaced;
  if (auto at = to_parent->entries.find(to_name);
      at != to_parent->entries.end()) {
    replaced = at->second;
    if (node.file != nullptr && replaced.directory != nullptr) {
      return IsADirectory(to);
    }
    if (node.directory != nullptr && replaced.file != nullptr) {
      return NotADirectory(to);
    }
    if (replaced.directory != nullptr && !replaced.directory->entries.empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat("directory not empty: ", to));
    }
  }
  Rename(node, std::string(to));
  Commit({.changes = {{from_parent, from_name, node, {}},
                      {to_parent, to_name, replaced, node}},
          .moves_directory = node.directory != nullptr});
  return absl::OkStatus();
}

void DiskTree::Rename(const Node& node, const std::string& path) {
  if (node.file != nullptr) {
    node.file->set_path(path);
    return;
  }
  for (const auto& [name, entry] : node.directory->entries) {
    Rename(entry, absl::StrCat(path, "/", name));
  }
}

absl::Status DiskTree::Remove(absl::string_view path) {
  std::shared_ptr<Directory> parent;
  std::string name;
  RETURN_IF_ERROR(Walk(path, &parent, &name));
  auto it = parent->entries.find(name);
  if (it == parent->entries.end()) return NoSuchFile(path);
  if (it->second.file == nullptr) return IsADirectory(path);
  Commit({.changes = {{parent, name, it->second, {}}}});
  return absl::OkStatus();
}

absl::Status DiskTree::CreateDirectory(absl::string_view path) {
  std::shared_ptr<Directory> parent;
  std::string name;
  RETURN_IF_ERROR(Walk(path, &parent, &name));
  if (parent->entries.contains(name)) {
    return absl::AlreadyExistsError(absl::StrCat("exists: ", path));
  }
  Commit(
      {.changes = {{parent,
                    name,
                    {},
                    {.directory = std::make_shared<Directory>(++last_id_)}}}});
  return absl::OkStatus();
}

absl::Status DiskTree::RemoveDirectory(absl::string_view path) {
  std::shared_ptr<Directory> parent;
  std::string name;
  RETURN_IF_ERROR(Walk(path, &parent, &name));
  auto it = parent->entries.find(name);
  if (it == parent->entries.end()) {
    return absl::NotFoundError(absl::StrCat("no such directory: ", path));
  }
  if (it->second.directory == nullptr) return NotADirectory(path);
  if (!it->second.directory->entries.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("directory not empty: ", path));
  }
  Commit({.changes = {{parent, name, it->second, {}}}});
  return absl::OkStatus();
}

void DiskTree::ForEach(const FileVisitor& file,
                       const DirectoryVisitor& directory) const {
  struct Walker {
    const FileVisitor& file;
    const DirectoryVisitor& directory;
    void Visit(const Directory& in, const std::string& prefix) const {
      for (const auto& [name, node] : in.entries) {
        const std::string path = prefix + name;
        if (node.file != nullptr) {
          file(path, node.file);
        } else {
          if (directory) directory(path);
          Visit(*node.directory, path + "/");
        }
      }
    }
  };
  Walker{file, directory}.Visit(*root_, "");
}

void DiskTree::KeepHistory() {
  if (keeps_history_) return;
  keeps_history_ = true;
  ForEach([](const std::string&, const std::shared_ptr<Inode>& inode) {
    inode->KeepHistory();
  });
}

void DiskTree::Clear() {
  journal_.clear();
  root_ = std::make_shared<Directory>(0);
}

}  // namespace moonpool
