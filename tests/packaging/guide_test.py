#!/usr/bin/env python3
"""docs/user_guide.md as a new user follows it: its commands in an empty folder, with an empty home, on a stack of its own.

Blocks after `<!-- by hand -->` (clone, other machines) are left out; the stack is that of `make up`, with this build's programs. A
line that ends in `# exit status N` must end so, every other command must succeed. GUIDE_TRANSCRIPT=FILE keeps what was printed.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path[1:1] = [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("architecture", "support")]
from private_cluster import pg_folder  # noqa: E402
from results import record  # noqa: E402
from runner import lacks, main  # noqa: E402
from tree import ROOT  # noqa: E402

GUIDE = ROOT / "docs/user_guide.md"
BUILD = pathlib.Path(os.environ.get("TUNEWARD_BUILD", ROOT / "build"))
RELEASED_FROM = "## 5."  # from this section on the guide needs a released model


def blocks_of(text):
    """(section, commands) of each block that can be run."""
    section, blocks = "", []
    for part in re.finditer(r"(?m)^(## .*)$|^(<!-- by hand -->\n)?```bash\n((?:.*\n)*?)```$", text):
        section = part[1] or section
        if part[3] and not part[2]:
            blocks.append((section, part[3]))
    return blocks


def as_script(commands):
    """Lines with an expected status are checked for it."""
    return re.sub(r"(?m)^(.*\S)\s+# exit status (\d+)$", r'rc=0; \1 || rc=$?; [ $rc = \2 ] || { echo "status $rc, not \2: \1"; exit 1; }',
                  commands)


class GuideTest(unittest.TestCase):
    def test_reads_blocks_and_statuses(self):
        text = "## 1. A\n```bash\na\n```\n<!-- by hand -->\n```bash\nb\n```\n```text\nc\n```\n## 2. B\n```bash\nd  # exit status 2\n```\n"
        self.assertEqual(blocks_of(text), [("## 1. A", "a\n"), ("## 2. B", "d  # exit status 2\n")])
        for command, status in (("false", 0), ("true", 1)):
            script = as_script(f"{command}    # exit status 1\n")
            self.assertEqual(subprocess.run(["bash", "-ec", script], stdout=subprocess.DEVNULL, check=False).returncode, status, script)

    def test_commands_do_what_the_guide_says(self):
        if pg_folder() is None:
            lacks(self, "pg", "PostgreSQL is missing: run scripts/setup.sh")
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tuneward-guide-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        for name in ("home", "work"):
            (folder / name).mkdir()
        environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(folder / "home"), "LANG": "C.UTF-8",
                       "TUNEWARD_BIN": str(BUILD / "bin"), "TUNEWARD_LOCAL_ROOT": str(folder / "stack"), "TUNEWARD_LOCAL_THROWAWAY": "1"}
        local = ROOT / "deploy/local/tuneward-local"
        self.addCleanup(subprocess.run, [local, "purge"], env=environment, check=True, capture_output=True)
        begin = time.monotonic()
        subprocess.run([local, "up"], env=environment, check=True, capture_output=True)

        transcript, done, released_after = "", "", None
        for section, commands in blocks_of(GUIDE.read_text(encoding="utf-8")):
            if section.startswith(RELEASED_FROM) and "gate: RELEASED" not in transcript:
                self.skipTest("with this machine's arithmetic no model of the guide was released")
            # One shell a block, with what the blocks before it have set.
            script = f". {folder}/stack/env\nset -eo pipefail\n{done}\n{as_script(commands)}"
            run = subprocess.run(["bash", "-c", script], env=environment, cwd=folder / "work", stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True, timeout=600, check=False)
            transcript += f"$ {commands}{run.stdout}\n"
            self.assertEqual(run.returncode, 0, f"{section}:\n{transcript[-6000:]}")
            if released_after is None and "gate: RELEASED" in run.stdout:
                released_after = time.monotonic() - begin
            for name, value in self.variables(script, done, environment, folder / "work"):
                done += f"{name}='{value}'\n"
        if "GUIDE_TRANSCRIPT" in os.environ:
            pathlib.Path(os.environ["GUIDE_TRANSCRIPT"]).write_text(transcript, encoding="utf-8")
        self.assertEqual(transcript.count("\ngate: "), 3, transcript[-4000:])  # two jobs, and the audit shown again
        record("packaging", "guide.blocks_run", len(blocks_of(GUIDE.read_text(encoding="utf-8"))), "blocks", "make test-nightly")
        record("packaging", "guide.seconds_to_a_released_model", released_after, "s", "make test-nightly", "lower", 300)

    def variables(self, script, done, environment, folder):
        """What the block's own assignments (`name=$(...)`) gave, asked once more: they only read."""
        prefix = script.split("set -eo pipefail")[0] + done
        for line, name in re.findall(r"(?m)^((\w+)=\$\(.*)$", script):
            value = subprocess.run(["bash", "-c", f"{prefix}\n{line}\nprintf %s \"${name}\""], env=environment, cwd=folder,
                                   stdout=subprocess.PIPE, text=True, check=True).stdout
            self.assertNotEqual(value, "", line)
            yield name, value


if __name__ == "__main__":
    main()
