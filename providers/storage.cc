// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "providers/storage.h"

#include "providers/base/status_macros.h"

namespace moonpool {

Task<absl::StatusOr<std::string>> File::ReadAll() {
  CO_ASSIGN_OR_RETURN(uint64_t size, Size());
  std::string contents(size, '\0');
  CO_ASSIGN_OR_RETURN(size_t count, co_await ReadAt(0, absl::MakeSpan(contents)));
  contents.resize(count);
  co_return contents;
}

}  // namespace moonpool
