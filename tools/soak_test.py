#!/usr/bin/python3
"""Goal: tools/soak says FAIL when it should. Method: its verdicts on made-up measurements; its reader on a
torn log; whole runs, against programs that leave something behind, and of a search."""
import os
import re
import subprocess
import tempfile
import unittest

import soak_search
import soak_verdicts

HERE = os.path.dirname(os.path.realpath(__file__))
STOP = soak_search.Stop(left=[], gone_after=0.1, log_age=0.5, appended=True, kept_prefix=True,
                        resumed_after=None, expected=100, bugs=2, lost_bugs=[], ended_before=False)
END = STOP._replace(resumed_after=100)


def samples(processes):
    return [soak_verdicts.Sample(time=float(i), timelines=0, processes=n, pss=0, coordinator_pss=0, log_bytes=0)
            for i, n in enumerate(processes)]


def flat(processes):
    return soak_verdicts.flat("processes", samples(processes), len(processes) / 2, lambda s: s.processes, 1,
                              slack=8).holds


class VerdictsTest(unittest.TestCase):

    def test_flat_bounds_median_and_maximum(self):
        self.assertTrue(flat([100, 120, 110, 118, 111, 121]))
        self.assertFalse(flat([100, 120, 110, 160, 161, 162]))
        self.assertFalse(flat([100, 120, 110, 110, 110, 200]))
        self.assertFalse(flat([100, 120, 100, 110]))  # too few to tell

    def test_whatever_is_left_fails(self):
        self.assertTrue(soak_verdicts.leftovers([STOP], [END]).holds)
        self.assertFalse(soak_verdicts.leftovers([STOP, STOP._replace(left=["process 7"])], [END]).holds)
        self.assertFalse(soak_verdicts.leftovers([STOP], [END._replace(left=["/tmp/x"])]).holds)
        self.assertFalse(soak_verdicts.leftovers([STOP._replace(ended_before=True)], []).holds)

    def test_the_log_is_young_whole_and_resumed(self):
        self.assertTrue(soak_verdicts.log([STOP], [END]).holds)
        self.assertFalse(soak_verdicts.log([STOP._replace(log_age=2.5)], [END]).holds)
        self.assertFalse(soak_verdicts.log([STOP._replace(kept_prefix=False)], [END]).holds)
        self.assertFalse(soak_verdicts.log([STOP], [END._replace(resumed_after=99)]).holds)
        self.assertFalse(soak_verdicts.log([STOP], [END._replace(appended=False)]).holds)
        self.assertFalse(soak_verdicts.log([STOP], []).holds)
        idle = STOP._replace(appended=False, log_age=0.0)
        self.assertTrue(soak_verdicts.log([STOP, idle], [END]).holds)
        self.assertFalse(soak_verdicts.log([STOP, idle, idle], [END]).holds)

    def test_no_bug_is_lost(self):
        self.assertTrue(soak_verdicts.bugs([STOP], [END]).holds)
        self.assertFalse(soak_verdicts.bugs([STOP], [END._replace(lost_bugs=[2])]).holds)


def record(count):
    """A LogRecord with a batch: first = 5, that count."""
    batch = b"\x08\x05\x10" + bytes([count & 127 | 128, count >> 7])
    message = b"\x12" + bytes([len(batch)]) + batch
    return len(message).to_bytes(4, "little") + b"sum " + message


class LogReaderTest(unittest.TestCase):

    def test_it_follows_whole_records_only(self):
        with tempfile.TemporaryDirectory() as directory:
            reader = soak_search.LogReader(directory + "/search.log")
            self.assertEqual(reader.read(), (0, 0))
            with open(reader.path, "wb") as log:
                log.write(soak_search.MAGIC + record(300) + record(7)[:-1])
            whole = len(soak_search.MAGIC) + len(record(300))
            self.assertEqual(reader.read(), (300, whole))
            self.assertTrue(reader.prefix_is_kept())
            with open(reader.path, "r+b") as log:
                log.seek(whole)
                log.write(record(7))
            self.assertEqual(reader.read(), (307, whole + len(record(7))))
            with open(reader.path, "r+b") as log:
                log.seek(20)
                log.write(b"!")
            self.assertFalse(reader.prefix_is_kept())


# Takes the place of the explorer; $OUT is the campaign's directory.
LEAVES_A_PROCESS = """#!/bin/bash
setsid sleep 60 &
sleep 1
"""
LEAVES_A_FILE = """#!/bin/bash
echo > "$TMPDIR/scratch"
sleep 1
"""


class WholeTest(unittest.TestCase):

    def soak(self, script):
        with tempfile.TemporaryDirectory() as directory:
            fake = directory + "/explorer"
            with open(fake, "w") as f:
                f.write(script)
            os.chmod(fake, 0o755)
            command = [HERE + "/soak", "none", "--minutes=0.01", "--kills=1", "--out=" + directory + "/out"]
            done = subprocess.run(command, env={**os.environ, "EXPLORER": fake}, stdout=subprocess.PIPE,
                                  text=True, timeout=30)
            left = [pid for pid in os.listdir("/proc") if pid.isdigit() and self.is_of(pid, fake)]
            self.assertEqual(left, [])
            return done

    def is_of(self, pid, fake):
        try:
            with open("/proc/%s/environ" % pid, "rb") as f:
                return ("EXPLORER=" + fake).encode() in f.read().split(b"\0")
        except (OSError, ProcessLookupError):
            return False

    def test_a_process_that_stays_is_found_and_ended(self):
        done = self.soak(LEAVES_A_PROCESS)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, "FAIL leftovers  .*process")

    def test_a_file_that_stays_is_found(self):
        done = self.soak(LEAVES_A_FILE)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, "FAIL leftovers .*scratch")

    def test_a_real_search_passes(self):
        # Most of its 20 s it sleeps: two processes search meanwhile. A problem with few marks: in so short
        # a time the processes and the memory of others are still on their way to their bounds.
        done = subprocess.run([HERE + "/soak", "lock", "--minutes=0.33", "--kills=3", "--",
                               "--param=bug=lease-overlap"], stdout=subprocess.PIPE, text=True, timeout=200)
        self.assertEqual(done.returncode, 0, done.stdout)
        verdicts = re.findall(r"^ok +(\w+)", done.stdout, re.MULTILINE)
        self.assertEqual(verdicts, ["leftovers", "processes", "memory", "log", "bugs", "merge"])
        self.assertEqual(len(re.findall(r"killed: 0 left", done.stdout)), 3)


if __name__ == "__main__":
    unittest.main()
