"""Which targets' code edges guide the search (explorer/coverage/README.md).

    load("@moonpool//explorer/coverage:instrument.bzl", "instrumented_library")

    instrumented_library(
        name = "server",
        srcs = ["server.cc"],
        hdrs = ["server.h"],
    )

Nothing else is instrumented: neither what it depends on, nor the engine. `--define=edges=off` builds it
as a plain cc_library.
"""

load("@rules_cc//cc:defs.bzl", "cc_library")

# Labels, so that they mean this workspace wherever the macro is used.
_EDGES = Label("//explorer/coverage:edges")
_OFF = Label("//explorer/coverage:off")
_HERE = (_EDGES.workspace_root + "/" if _EDGES.workspace_root else "") + _EDGES.package

# Compilers run where all workspaces lie below; the file comes with the dependency.
_COPTS = select({
    str(_OFF): [],
    "//conditions:default": [
        "-fsanitize-coverage=inline-8bit-counters,pc-table",
        "-fsanitize-coverage-ignorelist=" + _HERE + "/ignorelist.txt",
    ],
})

def instrumented_library(name, copts = [], deps = [], **kwargs):
    """A cc_library whose code edges are counted."""
    cc_library(
        name = name,
        copts = copts + _COPTS,
        deps = deps + [str(_EDGES)],
        **kwargs
    )
