#!/usr/bin/env python3
"""The built programs: which shared libraries they load, and that their flags and commands are the committed ones."""
import difflib
import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import frozen  # noqa: E402
from runner import lacks, main  # noqa: E402
from tree import ROOT  # noqa: E402

BIN = pathlib.Path(os.environ.get("TUNEWARD_BUILD", ROOT / "build")) / "bin"

# program -> (libraries it must load, exactly once each; libraries it must not load). Debian's libsentencepiece carries a second
# protobuf and must never share a process with gRPC (docs/adr/0002).
TORCH = ["libtorch_cpu", "libc10"]
LOADS = {
    "tuneward-server": (["libprotobuf", "libgrpc++", "libpqxx-6.4"], TORCH + ["libsentencepiece"]),
    "tuneward-worker": (["libprotobuf", "libgrpc++", "libpqxx-6.4"] + TORCH, ["libsentencepiece"]),
    "tuneward": (["libprotobuf", "libgrpc++"], TORCH + ["libsentencepiece", "libpqxx-6.4", "libpq"]),
    "tuneward-migrate": (["libpqxx-6.4"], TORCH + ["libsentencepiece", "libgrpc++"]),
    "tuneward-sandbox": (TORCH, ["libsentencepiece", "libgrpc++", "libpqxx-6.4"]),
}


def load_problems(program, ldd):
    wanted, forbidden = LOADS[program]
    names = re.findall(r"^\s*(?:\S*/)?([^/\s]+?)(?:-[0-9a-f]{8})?\.so[.\d]* ", ldd, re.M)
    problems = [f"{program} loads {name} {names.count(name)} times, not once" for name in wanted if names.count(name) != 1]
    problems += [f"{program} loads {name}" for name in forbidden if name in names]
    problems += [f"{program}: {line.strip()}" for line in ldd.splitlines() if "not found" in line]
    return problems


class LoadsTest(unittest.TestCase):
    def test_programs_load_what_they_may(self):
        seen = 0
        for program in LOADS:
            if (BIN / program).exists():
                seen += 1
                ldd = subprocess.run(["ldd", BIN / program], capture_output=True, text=True, check=True).stdout
                self.assertEqual(load_problems(program, ldd), [])
        if seen < len(LOADS):
            lacks(self, "torch", f"only {seen} of {len(LOADS)} programs are in {BIN}")

    def test_finds_what_must_not_be_loaded(self):
        line = "\t{0}.so.1 => /usr/lib/{0}.so.1 (0x1)\n"
        good = "".join(line.format(n) for n in LOADS["tuneward-worker"][0])
        self.assertEqual(load_problems("tuneward-worker", good), [])
        for bad in [good + line.format("libprotobuf"), good + line.format("libsentencepiece"), good.replace("libtorch_cpu", "libother"),
                    good + "\tlibgone.so.2 => not found\n"]:
            self.assertEqual(len(load_problems("tuneward-worker", bad)), 1, bad)
        self.assertTrue(load_problems("tuneward-server", good))
        self.assertTrue(load_problems("tuneward", good))


class FrozenTest(unittest.TestCase):
    def test_committed_lists_are_what_the_programs_say(self):
        made = frozen.texts(BIN)
        for path, text in made.items():
            committed = path.read_text(encoding="utf-8") if path.exists() else ""
            diff = "".join(difflib.unified_diff(committed.splitlines(True), text.splitlines(True), "committed", "now"))
            self.assertEqual(diff, "", f"\n{path.relative_to(ROOT)}: users rely on it; if the change is wanted: make freeze")
            self.assertGreater(text.count("\n"), 1, f"{path} is empty")
        if len(made) < 2 + len(LOADS):
            lacks(self, "torch", f"not all programs are in {BIN}")

    def test_reads_flags(self):
        text = ("name: what\n\n  Flags from server/main.cc:\n    --port (a port); default: 7400;\n    --dsn_file (long words that\n"
                "      go on); default: \"\";\n    --roles (of the\n      worker);\n      default: train,serve;\n")
        self.assertEqual(frozen.flags_of(text), '--dsn_file = ""\n--port = 7400\n--roles = train,serve\n')

    def test_reads_commands(self):
        texts = {(): "t\nUsage: t\n\nOptions:\n  -h,--help   help\n  --json      as JSON\n\nSubcommands:\n  go          goes\n\nExit status:\n  0  done\n",
                 ("go",): "goes\nUsage: t go\n\nPositionals:\n  path TEXT REQUIRED   the file\n\nOptions:\n  -h,--help   help\n"}
        self.assertEqual(frozen.commands_of(texts.get), ["(no command)", "    -h,--help", "    --json", "go", "    path TEXT REQUIRED", "    -h,--help"])


if __name__ == "__main__":
    main()
