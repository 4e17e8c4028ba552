// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/cli/testing_cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "explorer/report/report.pb.h"
#include "google/protobuf/util/json_util.h"

namespace moonpool {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ReadFile(const std::string& path) {
  std::stringstream contents;
  contents << std::ifstream(path, std::ios::binary).rdbuf();
  return contents.str();
}

ExplorationReport ReadReport(const std::string& path) {
  ExplorationReport report;
  EXPECT_TRUE(
      google::protobuf::util::JsonStringToMessage(ReadFile(path), &report).ok())
      << ReadFile(path);
  return report;
}

std::string TempPath(const std::string& name) {
  return absl::StrCat(testing::TempDir(), "/", name);
}

std::string FreshDirectory(const std::string& name) {
  const std::string path = TempPath(name);
  std::filesystem::remove_all(path);
  return path;
}

Outcome Call(const std::string& binary, const std::string& arguments) {
  const std::string out = TempPath("stdout");
  const std::string err = TempPath("stderr");
  const int status = system(
      absl::StrCat(binary, " ", arguments, " >", out, " 2>", err, " </dev/null")
          .c_str());
  Outcome outcome;
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  outcome.out = ReadFile(out);
  outcome.err = ReadFile(err);
  return outcome;
}

void ExpectRefused(const std::string& arguments, const std::string& error) {
  SCOPED_TRACE(arguments);
  const Outcome outcome = Call(kExplorer, arguments);
  EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(StartsWith("explorer: "), HasSubstr(error),
                                 EndsWith("\n")));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1)
      << outcome.err;
}

}  // namespace moonpool
