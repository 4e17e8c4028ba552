"""Binaries and tests that fork: linked fully static, since a fork copies every mapping.

A static binary also has its data in one range and its addresses fixed, which replay relies upon.
Under sanitizers, which cannot be linked statically, they are ordinary binaries.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_test")

# A Label, so that the key means this workspace wherever the macros are used.
_STATIC = select({
    str(Label("//tools/bazel:sanitize")): [],
    "//conditions:default": [
        "-static",
        # Code and constants in one segment, alone in its huge pages, and all other data in another
        # (explorer/checkpoint/program_memory.h).
        "-Wl,--no-rosegment",
        "-Wl,-z,max-page-size=2097152",
        "-Wl,-z,norelro",
        # The unwinder looks frames up in the table that the linker made. Where start-up code registers
        # them, it first sorts them all, into memory that each fork has to copy. It calls no null.
        "-Wl,--wrap=__register_frame_info,--defsym=__wrap___register_frame_info=0",
        "-Wl,--wrap=__deregister_frame_info,--defsym=__wrap___deregister_frame_info=0",
    ],
})

def sim_binary(name, linkopts = [], **kwargs):
    """A cc_binary that forks timelines."""
    cc_binary(name = name, linkopts = linkopts + _STATIC, linkstatic = True, **kwargs)

def sim_test(name, linkopts = [], size = "small", **kwargs):
    """A cc_test that forks timelines."""
    cc_test(name = name, linkopts = linkopts + _STATIC, linkstatic = True, size = size, **kwargs)

def simulation_test(name, deps = [], **kwargs):
    """A sim_test of SIMULATION_TESTs (explorer/testing/simulation_test.h), with main."""
    sim_test(
        name = name,
        deps = deps + [
            str(Label("//explorer/testing:main")),
            str(Label("//explorer/testing:simulation_test")),
        ],
        **kwargs
    )
