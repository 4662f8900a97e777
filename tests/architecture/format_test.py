#!/usr/bin/env python3
"""Every C++ file is as clang-format 14 (the version of `make format`) leaves it."""
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from runner import lacks, main  # noqa: E402
from tree import CODE, ROOT, tracked_paths  # noqa: E402

TOOL = "clang-format-14"


def unformatted(paths):
    run = subprocess.run([TOOL, "--dry-run", "-Werror", "--ferror-limit=1", *paths], cwd=ROOT, capture_output=True, text=True, check=False)
    return sorted({line.split(":")[0] for line in run.stderr.splitlines() if "clang-format-violations" in line}), run


class FormatTest(unittest.TestCase):
    def setUp(self):
        if shutil.which(TOOL) is None:
            lacks(self, "format", f"{TOOL} is not here: scripts/setup.sh installs it")

    def test_every_file_is_formatted(self):
        paths = [path for path in tracked_paths() if path.endswith(CODE)]
        self.assertGreater(len(paths), 300)
        wrong, run = unformatted(paths)
        self.assertEqual(wrong, [], "\nrun `make format`")
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_finds_an_unformatted_file(self):
        run = subprocess.run([TOOL, "--dry-run", "-Werror", f"--assume-filename={ROOT}/core/a.cc"], input="int  a ;\n", capture_output=True,
                             text=True, check=False)
        self.assertNotEqual(run.returncode, 0)


if __name__ == "__main__":
    main()
