// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/report/html_blocks.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "explorer/report/html.h"

namespace moonpool {

std::string TableHead(std::initializer_list<absl::string_view> columns) {
  std::string head = "<thead><tr>";
  for (absl::string_view column : columns) {
    const bool is_number = column[0] == '#';
    if (is_number) column.remove_prefix(1);
    absl::StrAppend(&head, "<th", is_number ? " class=\"n\"" : "",
                    "><button type=\"button\">", column, "</button></th>");
  }
  return head + "</tr></thead>\n";
}

std::string NumberCell(uint64_t number) {
  return absl::StrCat("<td class=\"n\" data-v=\"", number, "\">",
                      Grouped(number), "</td>");
}

std::string TextCell(absl::string_view text) {
  return absl::StrCat("<td>", EscapeHtml(text), "</td>");
}

std::string PathCell(absl::string_view path) {
  return absl::StrCat("<td>",
                      absl::StrReplaceAll(EscapeHtml(path), {{"/", "/<wbr>"}}),
                      "</td>");
}

std::string LeftOut(size_t shown, size_t total, absl::string_view which) {
  if (shown >= total) return "";
  return absl::StrCat("<p class=\"note\">", Grouped(shown), " of ",
                      Grouped(total), " are shown: ", which, ".</p>\n");
}

std::string Copyable(absl::string_view name, absl::string_view code) {
  return absl::StrCat("<div class=\"copy\"><span>", name, "</span><code>",
                      EscapeHtml(code),
                      "</code><button type=\"button\" class=\"do-copy\" "
                      "aria-label=\"Copy the ",
                      name, "\">Copy</button></div>\n");
}

}  // namespace moonpool
