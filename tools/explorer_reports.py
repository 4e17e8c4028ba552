"""Builds the explorer, runs searches with it and reads their reports."""
import json
import os
import subprocess
import sys
import tempfile


def build():
    """The optimised explorer: $EXPLORER, or built now; in a Bazel test the one among its data."""
    if os.environ.get("EXPLORER"):
        return os.environ["EXPLORER"]
    if os.environ.get("TEST_SRCDIR"):
        return os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"], "explorer/explorer")
    root = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    quiet = ["-c", "opt", "--noshow_progress", "--ui_event_filters=-info", "--show_result=0"]
    subprocess.run(["bazel", "build", *quiet, "//explorer"], cwd=root, check=True)
    info = subprocess.run(["bazel", "info", "-c", "opt", "--noshow_progress", "bazel-bin"], cwd=root,
                          check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return info.stdout.strip() + "/explorer/explorer"


def search(explorer, campaign, seed, flags):
    """The report of one search, ended by its first bug, as a dictionary."""
    with tempfile.TemporaryDirectory() as out:
        report = out + "/report.json"
        command = [explorer, "explore", campaign, "--seed=%d" % seed, "--stop_on_first_bug", "--out=" + out,
                   "--json=" + report, *flags]
        done = subprocess.run(command, stdout=subprocess.DEVNULL)
        if done.returncode not in (0, 1):  # 0: nothing found, 1: a bug
            sys.exit(done.returncode)
        with open(report) as f:
            return json.load(f)
