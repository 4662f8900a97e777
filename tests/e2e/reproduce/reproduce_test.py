#!/usr/bin/env python3
"""`tuneward-sandbox reproduce paraphrase` through the real program: an interrupted grid goes on and gives the same files, whatever the
number of processes; what is wrong is said before any work."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROGRAM = os.path.join(os.environ["TUNEWARD_BIN"], "tuneward-sandbox")
# A few trainings of a second: what they find means nothing.
TINY = {"families": "gsm8k", "strategies": "benign autoif", "arms": "untuned none base default", "seeds": "1", "rates": "100000",
        "rows": "40", "epochs": "1", "prompts": "6", "tests": "4", "models-folder": str(ROOT / "sandbox" / "models"), "out": "out"}
CELLS = 9  # 1 untuned, 2 x 3, 2 of the sweep


def command(**flags):
    flags = TINY | {name.replace("_", "-"): value for name, value in flags.items()}
    words = [PROGRAM, "--threads", flags.pop("threads", "1"), "reproduce", "paraphrase"]
    for name, values in flags.items():
        words += ["--" + name, *values.split()]
    return words


def lines_of(folder):
    path = pathlib.Path(folder, "out", "paraphrase_cells.jsonl")
    return path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []


def records_of(folder):
    """By key, without what differs from run to run."""
    records = {}
    for line in lines_of(folder):
        record = json.loads(line)
        key = "/".join(str(record[part]) for part in ("model", "family", "strategy", "arm", "rate_ppm", "seed"))
        records[key] = {name: value for name, value in record.items() if not name.endswith("_seconds")}
    return records


def report_of(folder):
    return {path.name: path.read_bytes() for path in pathlib.Path(folder, "out").glob("*") if path.suffix != ".jsonl"}


class ReproduceTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.whole, self.cut = (os.path.join(self.folder.name, name) for name in ("whole", "cut"))
        os.mkdir(self.whole)
        os.mkdir(self.cut)

    def run_in(self, folder, **flags):
        return subprocess.run(command(**flags), cwd=folder, capture_output=True, text=True, check=False, timeout=100)

    def test_an_interrupted_grid_goes_on_to_the_same_files(self):
        with subprocess.Popen(command(jobs="1"), cwd=self.cut, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as first:
            while first.poll() is None and len(lines_of(self.cut)) < 2:
                time.sleep(0.01)
            first.send_signal(signal.SIGINT)
            said = first.communicate(timeout=60)[1]
        self.assertEqual(first.returncode, 130, said)
        self.assertIn(f"of {CELLS} cells are in out/paraphrase_cells.jsonl; the same command goes on from there", said)
        there = len(lines_of(self.cut))
        self.assertTrue(2 <= there < CELLS, there)
        self.assertFalse(report_of(self.cut))

        cells = pathlib.Path(self.cut, "out", "paraphrase_cells.jsonl")
        with cells.open("a", encoding="utf-8") as out:
            out.write(lines_of(self.cut)[0][:50])  # as if the machine had stopped while a line was written
        resumed = self.run_in(self.cut, jobs="2")
        self.assertEqual(resumed.returncode, 0, resumed.stderr)
        self.assertIn("50 bytes are dropped", resumed.stderr)
        self.assertIn(f"{there} of {CELLS} cells are there already", resumed.stderr)

        whole = self.run_in(self.whole, jobs="2")
        self.assertEqual(whole.returncode, 0, whole.stderr)
        self.assertEqual(len(records_of(self.whole)), CELLS)
        self.assertEqual(records_of(self.cut), records_of(self.whole))
        self.assertEqual(report_of(self.cut), report_of(self.whole))
        self.assertLessEqual({"paraphrase.json", "paraphrase.md"}, set(report_of(self.whole)))
        self.assertEqual(resumed.stdout, whole.stdout)
        self.assertIn("| default", whole.stdout)

        # Nothing is left to do; other settings are other cells.
        before = lines_of(self.whole)
        self.assertEqual(self.run_in(self.whole).returncode, 0)
        self.assertEqual(lines_of(self.whole), before)
        other = self.run_in(self.whole, arms="untuned", tests="5")
        self.assertEqual(other.returncode, 0, other.stderr)
        self.assertIn(f"{CELLS} lines of other settings", other.stderr)
        self.assertEqual(len(lines_of(self.whole)), CELLS + 1)

    def test_what_is_wrong_is_said_before_any_work(self):
        for flag, value, words in (("families", "gsm8k arc", ["\"arc\"", "piqa"]), ("strategies", "dan", ["\"dan\"", "autoif_aoa"]),
                                   ("arms", "basis", ["\"basis\"", "base_balanced"]), ("models", "mega", ["\"mega\"", "nano-shallow"]),
                                   ("rates", "400000", ["400000", "300000"]), ("seeds", "0", ["seeds", "got 0"]),
                                   ("prompts", "0", ["prompts", "got 0"]), ("rows", "3", ["user_rows", "got 3"]),
                                   ("jobs", "0", ["jobs", "got 0"]), ("threads", "2", ["1 thread", "got 2"]),
                                   ("models_folder", "/nowhere", ["/nowhere"])):
            with self.subTest(flag=flag):
                wrong = self.run_in(self.whole, **{flag: value})
                self.assertEqual(wrong.returncode, 1)
                for word in words:
                    self.assertIn(word, wrong.stderr)
                self.assertFalse(os.path.exists(os.path.join(self.whole, "out")))


if __name__ == "__main__":
    unittest.main()
