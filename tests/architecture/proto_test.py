#!/usr/bin/env python3
"""The protos keep buf's rules (proto/buf.yaml) and break no client: proto/frozen.txtpb is what clients may have compiled against."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import protos  # noqa: E402
from runner import lacks, main  # noqa: E402

FILES = "tuneward/v1/files.proto"


def find_buf():
    """scripts/setup.sh's, which CMake names; else one that is on the PATH."""
    return next((p for p in [shutil.which(os.environ.get("TUNEWARD_BUF", "")), shutil.which("buf")] if p), None)


class CopyOfProtos(unittest.TestCase):
    """Each test changes its own copy."""

    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.folder = pathlib.Path(temp.name) / "proto"
        shutil.copytree(protos.PROTO, self.folder)

    def change(self, pattern, replacement, path=FILES):
        file = self.folder / path
        text, count = re.subn(pattern, replacement, file.read_text(encoding="utf-8"), count=1, flags=re.M)
        self.assertEqual(count, 1, f"{pattern} is not in {path}")
        file.write_text(text, encoding="utf-8")


class ProtocTest(CopyOfProtos):
    def setUp(self):
        super().setUp()
        self.frozen = protos.FROZEN.read_text(encoding="utf-8")

    def breaks(self):
        return protos.breaks(self.frozen, protos.descriptor_text(self.folder))

    def test_nothing_is_broken(self):
        self.assertEqual(self.breaks(), [], "\nclients compiled against this; a wanted break: make freeze, and say so in the commit")

    def test_what_is_new_is_frozen(self):
        fresh = set(protos.facts(protos.descriptor_text())) - set(protos.facts(self.frozen))
        self.assertEqual(fresh, set(), "\nnew and compatible: run `make freeze`")
        self.assertGreater(len(protos.facts(self.frozen)), 300)

    def test_finds_a_removed_field(self):
        self.change(r"^  int64 bytes = \d+;.*\n", "")
        self.assertEqual(len(self.breaks()), 1)
        self.assertIn("is gone", self.breaks()[0])

    def test_finds_another_type_number_or_name(self):
        self.change(r"^  int64 bytes = (\d+);", r"  int32 bytes = \1;")
        self.assertIn("TYPE_INT64", self.breaks()[0])
        self.change(r"^  int32 bytes = (\d+);", r"  int64 size = \1;")
        self.assertIn("is size", self.breaks()[0])

    def test_finds_a_changed_method_and_enum(self):
        self.change(r"rpc GetFile\(GetFileRequest\) returns \(File\)", "rpc GetFile(GetFileRequest) returns (stream File)")
        self.change(r"FILE_STATE_ERROR = (\d+);", "FILE_STATE_ERROR = 77;")
        self.assertEqual(len(self.breaks()), 2, self.breaks())

    def test_lets_additions_pass(self):
        self.change(r"^message File \{", "message File {\n  string added = 900;")
        self.assertEqual(self.breaks(), [])


class BufTest(CopyOfProtos):
    def setUp(self):
        self.buf = find_buf()
        if self.buf is None:
            lacks(self, "node", "buf is not here: scripts/setup.sh installs it where npm is")
        super().setUp()

    def run_buf(self, *words):
        return subprocess.run([self.buf, *words], cwd=self.folder, capture_output=True, text=True, check=False,
                              env=os.environ | {"BUF_CACHE_DIR": str(self.folder.parent / "cache")})

    def test_lint(self):
        run = self.run_buf("lint")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_lint_finds_a_badly_named_value(self):
        self.change(r"FILE_STATE_ERROR", "BROKEN_FILE")
        self.assertIn("FILE_STATE_", self.run_buf("lint").stdout)

    def test_breaking(self):
        run = self.run_buf("breaking", "--against", "frozen.txtpb")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_breaking_finds_a_removed_field(self):
        self.change(r"^  int64 bytes = \d+;.*\n", "")
        self.assertIn("was deleted", self.run_buf("breaking", "--against", "frozen.txtpb").stdout)


if __name__ == "__main__":
    main()
