// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/core/host.h"

#include <dirent.h>
#include <sys/personality.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace moonpool {

bool FixAddresses(char** argv) {
  const int now = personality(0xffffffff);
  if (now == -1) return false;
  if ((now & ADDR_NO_RANDOMIZE) != 0) return true;
  if (personality(now | ADDR_NO_RANDOMIZE) == -1) return false;
  // Some sandboxes accept the call and ignore it; do not exec in circles.
  if ((personality(0xffffffff) & ADDR_NO_RANDOMIZE) == 0) return false;
  // By its real path, so that ps shows the program's name and not "exe".
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);
  if (size <= 0) return false;
  path[size] = '\0';
  execv(path, argv);
  return false;
}

absl::Status CheckSingleThreaded() {
  DIR* directory = opendir("/proc/self/task");
  if (directory == nullptr) return absl::OkStatus();  // no /proc: cannot tell
  int threads = 0;
  while (dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') ++threads;
  }
  closedir(directory);
  if (threads == 1) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the process has ", threads,
      " threads; a world must be single-threaded before it can be forked: "
      "start no thread in static initialisers or in the campaign"));
}

}  // namespace moonpool
