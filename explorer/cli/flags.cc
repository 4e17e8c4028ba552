// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/cli/flags.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "explorer/recipe/outcome.h"
#include "explorer/recipe/recipe.h"

namespace moonpool {
namespace {

absl::Status Bad(absl::string_view name, const std::string& value,
                 absl::string_view what_to_do) {
  return absl::InvalidArgumentError(absl::StrCat(
      "bad value --", name, "=", ToValidUtf8(value), ": ", what_to_do));
}

}  // namespace

void Flags::Add(absl::string_view name, bool is_bool,
                std::function<absl::Status(const std::string&)> set) {
  flags_.push_back(
      {.name = std::string(name), .is_bool = is_bool, .set = std::move(set)});
}

void Flags::Bool(absl::string_view name, bool* value) {
  Add(name, true, [name, value](const std::string& text) {
    if (text != "true" && text != "false") {
      return Bad(name, text, "give true or false, or no value for true");
    }
    *value = text == "true";
    return absl::OkStatus();
  });
}

void Flags::String(absl::string_view name, std::string* value) {
  Add(name, false, [name, value](const std::string& text) {
    if (text.empty()) return Bad(name, text, "give a value or leave it out");
    *value = text;
    return absl::OkStatus();
  });
}

void Flags::Uint64(absl::string_view name, uint64_t* value) {
  Add(name, false, [name, value](const std::string& text) {
    if (!ParseUint64(text, *value)) {
      return Bad(name, text,
                 "give a decimal number from 0 to 18446744073709551615");
    }
    return absl::OkStatus();
  });
}

void Flags::Int(absl::string_view name, int* value, int min, int max) {
  Add(name, false, [name, value, min, max](const std::string& text) {
    uint64_t parsed = 0;
    if (!ParseUint64(text, parsed) || parsed < static_cast<uint64_t>(min) ||
        parsed > static_cast<uint64_t>(max)) {
      return Bad(name, text,
                 absl::StrCat("give a number from ", min, " to ", max));
    }
    *value = static_cast<int>(parsed);
    return absl::OkStatus();
  });
}

void Flags::Duration(absl::string_view name, absl::Duration* value) {
  Add(name, false, [name, value](const std::string& text) {
    absl::Duration parsed;
    if (!absl::ParseDuration(text, &parsed) || parsed <= absl::ZeroDuration()) {
      return Bad(name, text,
                 "give a positive time with a unit: 500ms, 60s, "
                 "5m, 1h30m");
    }
    *value = parsed;
    return absl::OkStatus();
  });
}

void Flags::Numbers(absl::string_view name, std::vector<uint64_t>* values) {
  Add(name, false, [name, values](const std::string& text) {
    std::vector<uint64_t> parsed;
    for (const absl::string_view part : absl::StrSplit(text, ',')) {
      uint64_t number = 0;
      if (!ParseUint64(part, number) || number == 0) {
        return Bad(name, text, "give positive numbers: 100 or 100,250,4000");
      }
      parsed.push_back(number);
    }
    *values = std::move(parsed);
    return absl::OkStatus();
  });
}

void Flags::Bytes(absl::string_view name, uint64_t* value) {
  Add(name, false, [name, value](const std::string& text) {
    constexpr uint64_t kMax = uint64_t{1} << 50;
    absl::string_view number = text;
    int shift = 0;
    if (absl::ConsumeSuffix(&number, "GiB")) {
      shift = 30;
    } else if (absl::ConsumeSuffix(&number, "MiB")) {
      shift = 20;
    }
    uint64_t parsed = 0;
    if (shift == 0 || !absl::SimpleAtoi(number, &parsed) || parsed == 0 ||
        parsed > kMax >> shift) {
      return Bad(name, text, "give a positive size with a unit: 512MiB, 4GiB");
    }
    *value = parsed << shift;
    return absl::OkStatus();
  });
}

void Flags::KeyValues(absl::string_view name,
                      std::map<std::string, std::string>* values) {
  Add(name, false, [name, values](const std::string& text) {
    const size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return Bad(name, text, absl::StrCat("give --", name, " key=value"));
    }
    // It could not be stored in a recipe.
    if (ToValidUtf8(text) != text) return Bad(name, text, "give UTF-8 text");
    (*values)[text.substr(0, equals)] = text.substr(equals + 1);
    return absl::OkStatus();
  });
}

absl::Status Flags::Unknown(absl::string_view name) const {
  const std::string names =
      absl::StrJoin(flags_, ", ", [](std::string* out, const Flag& flag) {
        absl::StrAppend(out, "--", flag.name);
      });
  return absl::InvalidArgumentError(
      absl::StrCat("unknown flag ", ToValidUtf8(name), ": ", command_,
                   flags_.empty() ? " has no flags" : " has ", names));
}

absl::Status Flags::Parse(const std::vector<std::string>& args) {
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& arg = args[i];
    if (arg.size() < 2 || arg[0] != '-') {
      positional_.push_back(arg);
      continue;
    }
    const size_t equals = arg.find('=');
    const std::string name = arg.substr(0, equals);
    const auto flag =
        std::find_if(flags_.begin(), flags_.end(), [&name](const Flag& known) {
          return name == absl::StrCat("--", known.name);
        });
    if (flag == flags_.end()) return Unknown(name);
    std::string value = "true";
    if (equals != std::string::npos) {
      value = arg.substr(equals + 1);
    } else if (!flag->is_bool) {
      if (i + 1 == args.size() || absl::StartsWith(args[i + 1], "--")) {
        return absl::InvalidArgumentError(
            absl::StrCat(name, " needs a value: give ", name, "=VALUE"));
      }
      value = args[++i];
    }
    const absl::Status status = flag->set(value);
    if (!status.ok()) return status;
    flag->given = true;
  }
  return absl::OkStatus();
}

bool Flags::IsGiven(absl::string_view name) const {
  return std::any_of(flags_.begin(), flags_.end(), [name](const Flag& flag) {
    return flag.name == name && flag.given;
  });
}

}  // namespace moonpool
