// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/recipe/atomic_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

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

constexpr absl::string_view kTemporary = ".tmp-";  // and the pid

// Opens a fresh file beside path: its name starts with a dot, so that a
// leftover of a killed process is not taken for a recipe.
int OpenTemporary(const std::string& path, std::string* temporary) {
  *temporary =
      absl::StrCat(DirectoryOf(path), "/", kTemporary, getpid(), "-XXXXXX");
  return mkostemp(temporary->data(), O_CLOEXEC);
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

void RemoveLeftovers(const std::string& directory) {
  DIR* const files = opendir(directory.c_str());
  if (files == nullptr) return;
  while (const dirent* file = readdir(files)) {
    absl::string_view pid = file->d_name;
    if (!absl::ConsumePrefix(&pid, kTemporary)) continue;
    pid_t writer = 0;
    if (!absl::SimpleAtoi(pid.substr(0, pid.find('-')), &writer)) continue;
    if (writer > 0 && kill(writer, 0) != 0 && errno == ESRCH) {
      unlinkat(dirfd(files), file->d_name, 0);
    }
  }
  closedir(files);
}

bool WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
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
