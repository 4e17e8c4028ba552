"""Maps Debian 12's packages onto the labels that upstream projects use.

Nothing is downloaded and nothing is vendored: each repository holds BUILD files for what apt has
installed, and names the missing package when it is not.
"""

load("@bazel_tools//tools/cpp:unix_cc_configure.bzl", "configure_unix_toolchain")

_HEAD = "package(default_visibility = [\"//visibility:public\"])\n"

# Package -> targets, each "name" or "name=pkg-config module without its absl_".
_ABSL = {
    "absl/algorithm": ["algorithm", "container=algorithm_container"],
    "absl/base": ["base", "config", "core_headers", "dynamic_annotations", "endian", "log_severity"],
    "absl/cleanup": ["cleanup"],
    "absl/container": ["btree", "fixed_array", "flat_hash_map", "flat_hash_set", "inlined_vector", "node_hash_map", "node_hash_set"],
    "absl/debugging": ["debugging", "failure_signal_handler", "leak_check", "stacktrace", "symbolize"],
    "absl/flags": ["commandlineflag=flags_commandlineflag", "config=flags_config", "flag=flags", "flags", "marshalling=flags_marshalling", "parse=flags_parse", "reflection=flags_reflection", "usage=flags_usage"],
    "absl/functional": ["any_invocable", "bind_front", "function_ref"],
    "absl/hash": ["hash"],
    "absl/memory": ["memory"],
    "absl/meta": ["type_traits"],
    "absl/numeric": ["bits", "int128"],
    "absl/random": ["bit_gen_ref=random_bit_gen_ref", "distributions=random_distributions", "random=random_random"],
    "absl/status": ["status", "statusor"],
    "absl/strings": ["cord", "str_format", "strings"],
    "absl/synchronization": ["synchronization"],
    "absl/time": ["time"],
    "absl/types": ["any", "compare", "optional", "span", "variant"],
    "absl/utility": ["utility"],
}

# Protobuf's well-known types and what each imports.
_WELL_KNOWN = {
    "any": [],
    "api": ["source_context", "type"],
    "descriptor": [],
    "duration": [],
    "empty": [],
    "field_mask": [],
    "source_context": [],
    "struct": [],
    "timestamp": [],
    "type": ["any", "source_context"],
    "wrappers": [],
}

_CC_RULES = [
    "cc_binary",
    "cc_import",
    "cc_library",
    "cc_proto_library",
    "cc_test",
    "cc_toolchain",
    "cc_toolchain_alias",
    "cc_toolchain_suite",
    "fdo_prefetch_hints",
    "fdo_profile",
    "objc_import",
    "objc_library",
]

def _need(ctx, path, packages):
    if not ctx.path(path).exists:
        fail("\n\n  %s is missing: apt-get install %s\n" % (path.rpartition("/")[2], packages))

def _library(name, linkopts = [], defines = []):
    return "cc_library(name = %r, linkopts = %r, defines = %r)\n" % (name, linkopts, defines)

# One function for each repository.

def _absl(ctx):
    _need(ctx, "/usr/include/absl/base/config.h", "libabsl-dev")
    _need(ctx, "/usr/bin/pkg-config", "pkgconf")
    for package, targets in _ABSL.items():
        build = _HEAD
        for target in targets:
            name, _, module = target.partition("=")
            result = ctx.execute(["pkg-config", "--libs", "absl_" + (module or name)])
            if result.return_code != 0:
                fail("\n\n  pkg-config: %s  apt-get install --reinstall libabsl-dev\n" % result.stderr)

            # The archives: a shared library costs each fork its mappings.
            build += _library(name, [
                "-l:lib%s.a" % flag[2:] if flag.startswith("-labsl_") else flag
                for flag in result.stdout.strip().split(" ")
                if flag
            ])
        ctx.file(package + "/BUILD.bazel", build)

def _googletest(ctx):
    _need(ctx, "/usr/include/gmock/gmock.h", "libgmock-dev")
    _need(ctx, "/usr/include/gtest/gtest.h", "libgtest-dev")
    libraries = ["-lgmock", "-lgtest", "-lpthread"]
    ctx.file("BUILD.bazel", _HEAD +
                            _library("gtest", libraries) +
                            _library("gtest_main", ["-lgmock_main"] + libraries))

def _benchmark(ctx):
    # Debian has the library only shared: benchmarks cannot be sim_binary targets.
    _need(ctx, "/usr/include/benchmark/benchmark.h", "libbenchmark-dev")
    libraries = ["-lbenchmark", "-lpthread"]
    ctx.file("BUILD.bazel", _HEAD +
                            _library("benchmark", libraries) +
                            _library("benchmark_main", ["-lbenchmark_main"] + libraries))

def _xxhash(ctx):
    _need(ctx, "/usr/include/xxhash.h", "libxxhash-dev")
    ctx.file("BUILD.bazel", _HEAD + _library("xxhash", ["-l:libxxhash.a"]))

def _asio(ctx):
    # With clang and libstdc++, Asio does not notice by itself that there are coroutines.
    _need(ctx, "/usr/include/asio.hpp", "libasio-dev")
    ctx.file("BUILD.bazel", _HEAD + _library(
        "asio",
        ["-lpthread"],
        ["ASIO_STANDALONE", "ASIO_HAS_CO_AWAIT", "ASIO_HAS_STD_COROUTINE"],
    ))

def _liburing(ctx):
    _need(ctx, "/usr/include/liburing.h", "liburing-dev")
    ctx.file("BUILD.bazel", _HEAD + _library("liburing", ["-l:liburing.a"]))

def _raft(ctx):
    # Optional: defs.bzl tells BUILD files whether @debian_raft//:raft exists. Of the archive, only the
    # core is linked, which needs neither libuv nor lz4. raft.h has no extern "C" of its own.
    have = ctx.path("/usr/include/raft.h").exists
    ctx.file("defs.bzl", "HAVE_RAFT = %r\n" % have)
    ctx.file("BUILD.bazel", _HEAD + (_library("raft", ["-l:libraft.a"]) if have else ""))

def _protobuf(ctx):
    _need(ctx, "/usr/bin/protoc", "protobuf-compiler")
    _need(ctx, "/usr/include/google/protobuf/message.h", "libprotobuf-dev")
    ctx.symlink("/usr/bin/protoc", "protoc")
    build = _HEAD + "exports_files([\"protoc\"])\n"
    build += _library("protobuf", ["-l:libprotobuf.a", "-lz", "-lpthread"])
    build += _library("protobuf_lite", ["-l:libprotobuf-lite.a", "-lpthread"])
    for name, imports in _WELL_KNOWN.items():
        proto = "google/protobuf/%s.proto" % name
        ctx.symlink("/usr/include/" + proto, proto)
        build += "proto_library(name = \"%s_proto\", srcs = [%r], deps = %r)\n" % (
            name,
            proto,
            [":%s_proto" % x for x in imports],
        )

    # libprotobuf holds the well-known types' code already.
    build += ("proto_lang_toolchain(name = \"cc_toolchain\", command_line = \"--cpp_out=$(OUT)\", " +
              "runtime = \":protobuf\", blacklisted_protos = %r)\n") % [":%s_proto" % x for x in _WELL_KNOWN]
    ctx.file("BUILD.bazel", build)

def _rules_cc(ctx):
    # Debian's bazel-rules-cc wants a newer Bazel than Debian's: hand out the native rules.
    ctx.file("BUILD.bazel", _HEAD)
    ctx.file("cc/BUILD.bazel", _HEAD)
    ctx.file("cc/defs.bzl", "".join(["%s = native.%s\n" % (rule, rule) for rule in _CC_RULES]) +
                            "cc_flags_supplier = None\ncompiler_flag = None\n")

def _coverage(ctx):
    # Every test depends on these Java programs, which Bazel would download; only `bazel coverage` runs them.
    ctx.file("unsupported.sh", "#!/bin/sh\necho bazel coverage is not set up >&2\nexit 1\n")
    ctx.file("BUILD.bazel", _HEAD + "".join([
        "sh_binary(name = %r, srcs = [\"unsupported.sh\"])\n" % name
        for name in ["coverage_report_generator", "lcov_merger"]
    ]))

_REPOSITORIES = {
    "asio": _asio,
    "com_github_cyan4973_xxhash": _xxhash,
    "com_github_google_benchmark": _benchmark,
    "com_google_absl": _absl,
    "com_google_googletest": _googletest,
    "com_google_protobuf": _protobuf,
    "debian_raft": _raft,
    "liburing": _liburing,
    "remote_coverage_tools": _coverage,
    "rules_cc": _rules_cc,
}

def _debian_impl(ctx):
    ctx.file("WORKSPACE", "workspace(name = %r)\n" % ctx.name)
    _REPOSITORIES[ctx.name](ctx)

# local: looked at again when Bazel's server starts; configure: and by `bazel sync --configure`.
_debian = repository_rule(implementation = _debian_impl, configure = True, local = True)

def _compiler_impl(ctx):
    _need(ctx, "/usr/bin/clang-19", "clang-19 libclang-rt-19-dev lld-19 llvm-19")
    _need(ctx, "/usr/bin/ld.lld-19", "lld-19")
    configure_unix_toolchain(ctx, "k8", {"gcc": "/usr/bin/clang-19"})

    # What .bazelrc cannot say is edited into Bazel's toolchain. -O1 goes before the mode's own flags, so
    # that -c opt's -O2 wins: at -O0 coroutines run ten times slower. lld, unlike gold, is silent about
    # getaddrinfo in the static archive of googletest.
    build = ctx.read("BUILD")
    for old, new in {
        "\n    compile_flags = [": "\n    compile_flags = [\"-O1\",\n    ",
        "\"-fuse-ld=/usr/bin/ld.gold\"": "\"-fuse-ld=lld\"",
        "\"-std=c++0x\"": "\"-std=c++20\"",
    }.items():
        if old not in build:
            fail("Bazel's C++ toolchain template has changed: it has no " + old)
        build = build.replace(old, new)
    ctx.file("BUILD", build)

_compiler = repository_rule(implementation = _compiler_impl, configure = True, local = True)

def moonpool_workspace():
    """Declares all that Moonpool needs, except repositories that the caller has already declared."""
    for name in _REPOSITORIES:
        if not native.existing_rule(name):
            _debian(name = name)
    for name, path in {
        "bazel_skylib": "/usr/share/bazel/tools/skylib",
        "rules_java": "/usr/share/bazel/rules/java",
        "rules_proto": "/usr/share/bazel/rules/proto",
    }.items():
        if not native.existing_rule(name):
            native.local_repository(name = name, path = path)
    if not native.existing_rule("moonpool_cc"):
        _compiler(name = "moonpool_cc")
