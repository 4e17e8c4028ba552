// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/recipe/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace moonpool {
namespace {

absl::Status CannotWrite(const std::string& path, int error) {
  return absl::InvalidArgumentError(
      absl::StrCat("cannot write ", path, ": ", strerror(error),
                   "; give a path in a writable directory"));
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Opens a fresh file beside path: its name starts with a dot, so that a
// leftover of a killed process is not taken for a recipe.
int OpenTemporary(const std::string& path, std::string* temporary) {
  *temporary = absl::StrCat(DirectoryOf(path), "/.tmp-", getpid(), "-XXXXXX");
  return mkostemp(temporary->data(), O_CLOEXEC);
}

bool WriteAll(int fd, absl::string_view contents) {
  while (!contents.empty()) {
    const ssize_t written = write(fd, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    contents.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

absl::Status WriteFileAtomically(const std::string& path,
                                 absl::string_view contents) {
  std::string temporary;
  const int fd = OpenTemporary(path, &temporary);
  if (fd < 0) return CannotWrite(path, errno);
  absl::Cleanup remove = [&temporary] { unlink(temporary.c_str()); };

  // mkostemp's 0600 would hide the file from colleagues; the umask still holds.
  const mode_t mask = umask(0);
  umask(mask);
  const bool written =
      fchmod(fd, 0666 & ~mask) == 0 && WriteAll(fd, contents) && fsync(fd) == 0;
  const int write_error = errno;
  const bool closed = close(fd) == 0;
  if (!written) return CannotWrite(path, write_error);
  if (!closed) return CannotWrite(path, errno);
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    return CannotWrite(path, errno);
  }
  std::move(remove).Cancel();

  // The rename itself survives a power cut only if the directory is synced;
  // some file systems refuse, and then there is nothing more to do.
  const int directory =
      open(DirectoryOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    fsync(directory);
    close(directory);
  }
  return absl::OkStatus();
}

absl::Status CheckWritable(const std::string& path) {
  struct stat found;
  if (stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) {
    return CannotWrite(path, EISDIR);
  }
  std::string temporary;
  const int fd = OpenTemporary(path, &temporary);
  if (fd < 0) return CannotWrite(path, errno);
  close(fd);
  unlink(temporary.c_str());
  return absl::OkStatus();
}

}  // namespace moonpool
