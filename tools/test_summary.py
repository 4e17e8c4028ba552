#!/usr/bin/python3
"""Counts what a `bazel test` did, from its build events.

  test_summary.py EVENTS.json BAZEL_EXIT_CODE [NAME=EXIT_CODE ...]

Further arguments are tests that ran outside Bazel. Exits with 1 when anything failed.
"""
import json
import sys


def count(events):
    """Returns the labels that passed, and those that failed to build or to pass with the reason."""
    passed, failed = set(), {}
    for event in events:
        ident = event["id"]
        if "testSummary" in event:
            label, status = ident["testSummary"]["label"], event["testSummary"]["overallStatus"]
            if status in ("PASSED", "FLAKY"):
                passed.add(label)
            else:
                failed[label] = status
        elif "targetCompleted" in ident and not event.get("completed", {}).get("success"):
            failed.setdefault(ident["targetCompleted"]["label"], "does not build")
    # A test that failed to build also has a summary; it is one target all the same.
    return passed - failed.keys(), failed


def main(path, status, *others):
    with open(path) as f:
        passed, failed = count(json.loads(line) for line in f if line.strip())
    # Bazel may fail before it has a target to blame: a BUILD file that does not load.
    if int(status) and not failed:
        failed["bazel test"] = "exit code " + status
    for other in others:
        name, _, code = other.partition("=")
        if int(code):
            failed[name] = "exit code " + code
        else:
            passed.add(name)
    for name, reason in sorted(failed.items()):
        print("FAILED  %s  %s" % (name, reason))
    print("%d passed, %d failed" % (len(passed), len(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
