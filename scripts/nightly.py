#!/usr/bin/env python3
"""Runs the tests labelled `nightly`, one after the other, and closes with counts: tests, and every figure that they wrote.

  scripts/nightly.py --build build [ctest's own options: -R chaos]

The figures go to $TUNEWARD_RESULTS (default: docs/results/tmp, which git ignores), with the command `make test-nightly`. Exit
status: ctest's, or 1 when a figure of this run misses its goal.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from figures import mark  # noqa: E402

COMMAND = "make test-nightly"  # what a nightly test writes into its rows
ROOT = pathlib.Path(__file__).resolve().parent.parent


def fresh_rows(folder, since):
    """The nightly tests' rows in the files that this run wrote."""
    rows = []
    for path in sorted(folder.glob("*.json")):
        if path.stat().st_mtime >= since:
            rows += json.loads(path.read_text(encoding="utf-8"))
    return [row for row in rows if row["command"] == COMMAND]


def run_tests(build, extra):
    """ctest's exit status and its counts (passed, failed, skipped)."""
    command = ["ctest", "--test-dir", build, "--output-on-failure", "--no-label-summary", "-L", "nightly", *extra]
    counts = {"Passed": 0, "Failed": 0, "Skipped": 0}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as ctest:
        for line in ctest.stdout:
            print(line, end="", flush=True)
            result = re.match(r"\s*\d+/\d+ Test +#\d+: \S+ \.*(.*?) +[\d.]+ sec", line)
            if result:
                word = result.group(1).strip(" *")
                counts[word if word in counts else "Failed"] += 1
    return ctest.returncode, counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    args, extra = parser.parse_known_args()
    folder = pathlib.Path(os.environ.setdefault("TUNEWARD_RESULTS", str(ROOT / "docs" / "results" / "tmp")))

    begin = time.time()
    status, counts = run_tests(args.build, extra)
    rows = fresh_rows(folder, begin)
    missed = [r["name"] for r in rows if mark(r)]
    for row in rows:
        print(f"nightly: {row['name']} = {row.get('value', 0):g} {row['unit']}  {mark(row)}".rstrip())
    print(f"nightly: {counts['Passed']} passed, {counts['Failed']} failed, {counts['Skipped']} skipped in {time.time() - begin:.0f} s; "
          f"{len(rows)} figures, {len(missed)} missed their goal{': ' + ', '.join(missed) if missed else ''}")
    return status or (1 if missed else 0)


if __name__ == "__main__":
    sys.exit(main())
