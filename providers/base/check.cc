// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "providers/base/check.h"

#include <unistd.h>

#include <cstdlib>
#include <string>

namespace moonpool::internal {

CheckFailure::CheckFailure(const char* file, int line, const char* condition)
    : stream_(new std::ostringstream) {
  stream() << file << ":" << line << ": CHECK failed: " << condition << " ";
}

CheckFailure::~CheckFailure() {
  // write(2), not stdio: a forked child must not flush its parent's buffers.
  std::string text = stream_->str() + "\n";
  ssize_t ignored = write(STDERR_FILENO, text.data(), text.size());
  (void)ignored;
  std::abort();
}

}  // namespace moonpool::internal
