#!/usr/bin/env python3
"""Pictures of the demo: drawn from the cells of its table, and the committed ones are whole."""
import pathlib
import re
import sys
import unittest
import xml.dom.minidom

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "deploy/local"), str(ROOT / "tests/support")]
import demo_svg  # noqa: E402
from runner import main  # noqa: E402

ROWS = [["", "ASR raw", "task right", "gate"], ["base <1>", "0.0 %", "50.0 %", "-"], ["tuned", "100.0 %", "25.0 %", "BLOCKED"]]


def bars(svg, color):
    return [float(width) for width in re.findall(rf'width="([\d.]+)" height="6" rx="3" fill="{color}"', svg)]


class PicturesTest(unittest.TestCase):
    def test_bars_are_as_long_as_the_shares(self):
        svg = demo_svg.table_svg(ROWS, "caption")
        xml.dom.minidom.parseString(svg)
        full = demo_svg.CELL_WIDTH - 24
        self.assertEqual(bars(svg, demo_svg.BAD), [0, full])
        self.assertEqual(bars(svg, demo_svg.GOOD), [full / 2, full / 4])
        self.assertIn(demo_svg.GATE["BLOCKED"], svg)
        self.assertIn("base &lt;1&gt;", svg)

    def test_terminal_keeps_every_line(self):
        svg = demo_svg.terminal_svg(["== title", "a < b", ""])
        xml.dom.minidom.parseString(svg)
        self.assertEqual(re.findall(r">([^<]*)</text>", svg), ["== title", "a &lt; b", ""])

    def test_committed_pictures_are_whole(self):
        pictures = sorted((ROOT / "docs/pictures").glob("*.svg"))
        self.assertGreaterEqual(len(pictures), 2)
        for picture in pictures:
            xml.dom.minidom.parse(str(picture))


if __name__ == "__main__":
    main()
