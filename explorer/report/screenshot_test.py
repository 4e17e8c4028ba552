#!/usr/bin/python3
"""Goal: people see what the page says, and soon. Method: searches of a maze, their pages in a headless
Chromium: texts of the page as the browser made it, the time it takes, a picture that is not blank."""
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

EXPLORER = os.environ.get("EXPLORER", "explorer/explorer")
SCREENSHOT = "tools/report_screenshot"


def rows(picture):
    """The rows of pixels of a PNG with 8 bits a channel, unfiltered."""
    with open(picture, "rb") as f:
        data = f.read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", data[at + 8:at + 18])
        if kind == b"IDAT":
            packed += data[at + 8:at + 8 + size]
        at += size + 12
    assert depth == 8 and colour in (2, 6)
    channels = 3 if colour == 2 else 4
    stride = width * channels
    raw = zlib.decompress(packed)
    before = bytearray(stride)
    for y in range(height):
        start = y * (stride + 1)
        before = unfilter(raw[start], bytearray(raw[start + 1:start + 1 + stride]), before, channels)
        yield bytes(before)


def unfilter(kind, row, above, channels):
    for x in range(len(row) if kind else 0):
        left = row[x - channels] if x >= channels else 0
        up = above[x]
        corner = above[x - channels] if x >= channels else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = up
        elif kind == 3:
            guess = (left + up) // 2
        else:
            estimate = left + up - corner
            guess = min((left, up, corner), key=lambda value: abs(estimate - value))
        row[x] = (row[x] + guess) & 255
    return row


class ScreenshotTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
        for seed in ("1", "2"):
            done = subprocess.run([EXPLORER, "explore", "maze", "--seed=" + seed, "--timelines=3000",
                                   "--out=" + cls.work + "/" + seed], stdout=subprocess.DEVNULL)
            assert done.returncode in (0, 1)
        subprocess.run([EXPLORER, "merge", cls.work + "/1", cls.work + "/2", "--out=" + cls.work + "/merged"],
                       check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.work)

    def show(self, directory, *texts):
        """Asserts that the page of that directory shows the texts; returns its picture."""
        page = self.work + "/" + directory + ".html"
        subprocess.run([EXPLORER, "report", self.work + "/" + directory, "--out=" + page], check=True)
        picture = self.work + "/" + directory + ".png"
        shown = subprocess.run([SCREENSHOT, page, picture, *texts], env={**os.environ, "WINDOW": "800,600"})
        self.assertEqual(shown.returncode, 0)
        return picture

    def test_page_of_a_search(self):
        picture = self.show("1", "maze – exploration", "Yield of the marks", "Tree of timelines",
                            "role=\"treeitem\"", "gate")
        distinct = set(rows(picture))
        self.assertGreater(len(distinct), 100, "the picture is blank, or nearly so")

    def test_page_of_a_merge(self):
        self.show("merged", "2 searches, merged", "Searches", "the tree of a search is on the page that")

    def test_what_is_missing_is_told(self):
        with self.assertRaises(AssertionError):
            self.show("1", "no page says this")


if __name__ == "__main__":
    if shutil.which("chromium") is None:
        print("SKIPPED: no chromium: apt-get install --no-install-recommends chromium")
        sys.exit(0)
    unittest.main()
