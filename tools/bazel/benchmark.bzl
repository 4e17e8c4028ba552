"""Benchmarks: a package has one program of them, and a test that each runs at all."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_test")
load(":sim.bzl", "sim_binary", "sim_test")

def benchmarks(srcs, deps, name = "benchmarks", has_own_main = False, smoke_args = [], smoke_size = "small"):
    """The program NAME and the test NAME_smoke_test.

    Args:
      srcs: of the program.
      deps: of the program.
      name: what tools/bench runs is called benchmarks.
      has_own_main: forks timelines, so it is linked as sim_binary links. Debian has Google Benchmark
        only shared, so that such a program does without, and reads the same flags.
      smoke_args: further flags of the test, which runs each benchmark once, for an instant.
      smoke_size: of the test.
    """
    binary, test = (sim_binary, sim_test) if has_own_main else (cc_binary, cc_test)
    if not has_own_main:
        deps = deps + ["@com_github_google_benchmark//:benchmark_main"]
    binary(
        name = name,
        testonly = True,
        srcs = srcs,
        deps = deps,
    )
    test(
        name = name + "_smoke_test",
        size = smoke_size,
        srcs = srcs,
        args = ["--benchmark_min_time=0"] + smoke_args,
        deps = deps,
    )
