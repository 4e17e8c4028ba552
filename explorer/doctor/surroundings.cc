// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/doctor/surroundings.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "explorer/doctor/child.h"
#include "providers/base/status_macros.h"

extern char** environ;

namespace moonpool {
namespace {

absl::Status EngineError(absl::string_view what) {
  return absl::InternalError(absl::StrCat(
      "cannot run the doctor's process: ", what, ": ", strerror(errno)));
}

std::map<std::string, std::string> CallersEnvironment() {
  std::map<std::string, std::string> variables;
  for (char** at = environ; *at != nullptr; ++at) {
    const char* equals = strchr(*at, '=');
    if (equals == nullptr) continue;
    variables[std::string(*at, static_cast<size_t>(equals - *at))] = equals + 1;
  }
  return variables;
}

// Another locale than the caller has: C.UTF-8 exists wherever glibc does.
std::string OtherLocale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const bool is_utf8 = strcasestr(value, "utf") != nullptr;
    return is_utf8 ? "C" : "C.UTF-8";
  }
  return "C.UTF-8";
}

std::vector<std::string> Environment(int variation) {
  std::map<std::string, std::string> variables = CallersEnvironment();
  if (variation != 0) {
    const std::string mark = absl::StrCat("doctor-", variation);
    for (const char* name : {"USER", "LOGNAME", "HOSTNAME", "TERM", "EDITOR"}) {
      variables[name] = mark;
    }
    variables["HOME"] = variables["PWD"] = "/";
    variables["LANG"] = variables["LC_ALL"] = OtherLocale();
    variables["TZ"] = absl::StrCat("MPD-", variation % 12 + 1, ":30");
    // Moves the stack, even where addresses are not random.
    variables["MOONPOOL_DOCTOR"] =
        std::string(static_cast<size_t>(variation) * 1000 + 24, '.');
    std::string& sanitizer = variables["ASAN_OPTIONS"];
    absl::StrAppend(&sanitizer, sanitizer.empty() ? "" : ":",
                    "malloc_fill_byte=", FillOf(variation));
  }
  std::vector<std::string> result;
  for (const auto& [name, value] : variables) {
    result.push_back(absl::StrCat(name, "=", value));
  }
  return result;
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Best effort: where the kernel refuses, one difference less is tried.
void Surround(int variation) {
  const int now = personality(0xffffffff);
  if (now != -1) {
    personality(variation == 0 ? now | ADDR_NO_RANDOMIZE
                               : now & ~ADDR_NO_RANDOMIZE);
  }
  if (variation == 0) return;
  if (chdir("/") != 0) return;
  cpu_set_t all;
  if (sched_getaffinity(0, sizeof(all), &all) != 0) return;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &all)) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof(one), &one);
    return;
  }
}

std::string ReadFromStart(int fd) {
  std::string bytes;
  char buffer[65536];
  lseek(fd, 0, SEEK_SET);
  for (;;) {
    const ssize_t size = read(fd, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(size));
  }
}

class File {
 public:
  explicit File(const char* name) : fd_(memfd_create(name, MFD_CLOEXEC)) {}
  File(const File&) = delete;
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }

 private:
  const int fd_;
};

}  // namespace

absl::StatusOr<DoctorRun> RunInSurroundings(const DoctorJob& job,
                                            int variation) {
  const File result("result");
  const File output("output");
  if (result.fd() < 0 || output.fd() < 0) return EngineError("memfd_create");
  char program[4096];
  const ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
  if (size <= 0) return EngineError("/proc/self/exe");
  program[size] = '\0';
  // Prepared before the fork: after it there are only system calls.
  std::vector<std::string> arguments = DoctorRunArguments(job, variation);
  arguments.insert(arguments.begin(), program);
  std::vector<std::string> environment = Environment(variation);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);

  fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) return EngineError("fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    Surround(variation);
    // In this order: the descriptors are above 2, but may be the result's.
    const int copy = fcntl(result.fd(), F_DUPFD, 10);
    dup2(output.fd(), STDOUT_FILENO);
    dup2(output.fd(), STDERR_FILENO);
    dup2(copy, kDoctorResultFd);
    close(copy);
    execve(program, argv.data(), envp.data());
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return EngineError("waitpid");
  }
  const std::string text = ReadFromStart(output.fd());
  if (status != 0) {
    return absl::InternalError(absl::StrCat(
        "the doctor's process failed (",
        WIFEXITED(status) ? absl::StrCat("exit code ", WEXITSTATUS(status))
                          : absl::StrCat("signal ", WTERMSIG(status)),
        "): ", text));
  }
  ASSIGN_OR_RETURN(DoctorRun run, ParseDoctorRun(ReadFromStart(result.fd())));
  run.output = text;
  return run;
}

}  // namespace moonpool
