// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/kv_model.h"

#include "absl/strings/str_cat.h"

namespace moonpool {

void KvModel::Set(absl::string_view server, absl::string_view key,
                  absl::string_view value, KvWrite outcome) {
  Cell& cell = cells_[{std::string(server), std::string(key)}];
  switch (outcome) {
    case KvWrite::kAcknowledged:
      cell.certain = std::string(value);
      break;
    case KvWrite::kUnknown:
      cell.ambiguous.insert(std::string(value));
      break;
    case KvWrite::kNotSent:
      break;
  }
}

bool KvModel::Allows(absl::string_view server, absl::string_view key,
                     absl::string_view value) const {
  const Cell& cell = Find(server, key);
  return value == cell.certain || cell.ambiguous.contains(std::string(value));
}

bool KvModel::IsAmbiguous(absl::string_view server, absl::string_view key,
                          absl::string_view value) const {
  return value != Find(server, key).certain && Allows(server, key, value);
}

std::string KvModel::Describe(absl::string_view server,
                              absl::string_view key) const {
  const Cell& cell = Find(server, key);
  std::string text = absl::StrCat("one of {\"", cell.certain, "\"");
  for (const std::string& value : cell.ambiguous) {
    absl::StrAppend(&text, ", \"", value, "\"");
  }
  return absl::StrCat(text, "}");
}

const KvModel::Cell& KvModel::Find(absl::string_view server,
                                   absl::string_view key) const {
  static const Cell* const untouched = new Cell();
  const auto it = cells_.find({std::string(server), std::string(key)});
  return it == cells_.end() ? *untouched : it->second;
}

}  // namespace moonpool
