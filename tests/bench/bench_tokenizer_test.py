#!/usr/bin/env python3
"""bench/bench_tokenizer.py on a few texts: both sides run, give as many tokens, and the row is written where results go."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(ROOT / folder) for folder in ("tests/support", "bench")]
from runner import lacks, main  # noqa: E402
from side_by_side import PEER_PYTHON  # noqa: E402

BUILD = pathlib.Path(os.environ.get("TUNEWARD_BUILD", ROOT / "build"))


class BenchTokenizerTest(unittest.TestCase):
    def test_both_sides_run_and_the_ratio_is_a_row(self):
        if not os.access(PEER_PYTHON, os.X_OK):
            lacks(self, "peft", f"{PEER_PYTHON} is not there: scripts/setup.sh --reference")
        with tempfile.TemporaryDirectory() as results:
            run = subprocess.run([sys.executable, ROOT / "bench/bench_tokenizer.py", "--build", BUILD, "--turns", "2", "--rows", "5", "--repeat", "1",
                                  "--vocab", "600"], env={**os.environ, "TUNEWARD_RESULTS": results, "PYTHONDONTWRITEBYTECODE": "1"},
                                 capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
            rows = {row["name"]: row for row in json.loads((pathlib.Path(results) / "tokenizer.json").read_text(encoding="utf-8"))}
        ratio = rows["tokenizer.encode_ratio"]
        self.assertGreater(ratio["value"], 0)
        self.assertEqual((ratio["goal"], ratio["better"], ratio["command"]), (1, "higher", "make bench-tokenizer"))
        self.assertAlmostEqual(ratio["value"], float(re.search(r"([\d.]+) x the tokenizers package", run.stdout)[1]), delta=0.006)
        self.assertGreater(rows["tokenizer.tokens_per_s"]["value"], 0)


if __name__ == "__main__":
    main()
