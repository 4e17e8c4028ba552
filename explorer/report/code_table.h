// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What the report page says of instrumented code (explorer/coverage).
#ifndef MOONPOOL_EXPLORER_REPORT_CODE_TABLE_H_
#define MOONPOOL_EXPLORER_REPORT_CODE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "explorer/directory/campaign.pb.h"

namespace moonpool {

// At most; the page says what it leaves out.
inline constexpr size_t kMaxFunctionRows = 1'000;

// How many edges are covered, and how many there are.
std::pair<uint64_t, uint64_t> EdgesOf(const CampaignPart& part);
// The functions, those first that were never entered. is_merged: of several
// searches.
std::string CodeTable(const CampaignPart& part, bool is_merged);

// The mark is one of code edges: arrivals at them are not counted.
bool IsOfEdges(const PartMark& mark);
// How many timelines came to a mark.
std::string ArrivalsCell(const PartMark& mark);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_REPORT_CODE_TABLE_H_
