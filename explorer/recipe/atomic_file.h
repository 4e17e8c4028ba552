// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Files that are there whole or not at all.
#ifndef MOONPOOL_EXPLORER_RECIPE_ATOMIC_FILE_H_
#define MOONPOOL_EXPLORER_RECIPE_ATOMIC_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace moonpool {

// Writes a temporary file in the same directory, syncs and renames it. After
// an error, as after a crash at any moment, the old content of path is intact.
absl::Status WriteFileAtomically(const std::string& path,
                                 absl::string_view contents);

// Whether WriteFileAtomically(path) would find a writable directory. Leaves
// nothing behind. For an error before an hour's work instead of after it.
absl::Status CheckWritable(const std::string& path);

// Removes what WriteFileAtomically had begun in a directory when its process was
// killed.
void RemoveLeftovers(const std::string& directory);

// All of it, however often the kernel takes only a part. False: errno says why.
bool WriteAll(int fd, absl::string_view bytes);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_RECIPE_ATOMIC_FILE_H_
