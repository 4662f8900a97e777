#!/usr/bin/env python3
"""Builds the fuzzers (preset `fuzz`: clang, libFuzzer, ASan, UBSan) and runs each for a minute from its kept corpus.

  tests/fuzz/run.py                         all targets, 60 s each; figures go to fuzz.json (scripts/record_result.py)
  tests/fuzz/run.py --seconds 600 jsonl     one target, longer
  tests/fuzz/run.py --keep                  afterwards add to tests/fuzz/corpus what reached new code

What a run finds lies in <build>/findings/<target>: mend it, and add the input to the corpus as found-<what>. Needs clang-14 and
libclang-rt-14-dev (scripts/setup.sh --nightly); without them exit status 77, or 1 when TUNEWARD_REQUIRE holds `fuzz`.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(1, str(ROOT / "tests/support"))
from results import record  # noqa: E402

CORPUS = ROOT / "tests" / "fuzz" / "corpus"
TARGETS = ["jsonl", "safetensors", "job_spec", "tokenizer_json"]
COMPILER = "clang++-14"
COMMAND = "make test-nightly"
LARGEST = 16384  # bytes of an input
LARGEST_KEPT = 1024
EXIT_SKIPPED = 77


def missing():
    if shutil.which(COMPILER) is None:
        return f"{COMPILER} is not here"
    where = subprocess.run([COMPILER, "-print-runtime-dir"], capture_output=True, text=True, check=True).stdout.strip()
    if not list(pathlib.Path(where).glob("libclang_rt.fuzzer-*.a")):
        return f"libFuzzer is not in {where}"
    return None


def build(folder, targets):
    commands = [] if (folder / "build.ninja").exists() else [["cmake", "--preset", "fuzz", "-B", folder]]
    commands.append(["cmake", "--build", folder, "-j", "2", "--target", *(f"fuzz-{t}" for t in targets)])
    for command in commands:
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            sys.exit(f"fuzz: {' '.join(map(str, command))}\n{run.stdout[-6000:]}{run.stderr[-2000:]}")


def fuzz(folder, target, seconds):
    """(executions, paths of findings) of one run."""
    grown, findings = folder / "corpus" / target, folder / "findings" / target
    for path in (grown, findings):
        path.mkdir(parents=True, exist_ok=True)
    before = set(findings.iterdir())
    run = subprocess.run(
        [folder / "bin" / f"fuzz-{target}", f"-max_total_time={seconds}", "-print_final_stats=1", f"-max_len={LARGEST}", "-timeout=10",
         "-rss_limit_mb=2048", f"-dict={ROOT / 'tests/fuzz/json.dict'}", f"-artifact_prefix={findings}/", grown, CORPUS / target],
        capture_output=True, text=True, errors="replace", check=False,
        env=os.environ | {"ASAN_OPTIONS": "malloc_context_size=3:quarantine_size_mb=32", "UBSAN_OPTIONS": "print_stacktrace=1"})
    counted = re.search(r"stat::number_of_executed_units:\s*(\d+)", run.stderr) or re.search(r"^#(\d+)\s+DONE", run.stderr, re.M)
    found = sorted(set(findings.iterdir()) - before)
    if run.returncode != 0:
        print(run.stderr[-6000:], file=sys.stderr)
        found = found or [findings / f"exit status {run.returncode}"]
    return int(counted[1]) if counted else 0, found


def keep(folder, target):
    """Adds to the kept corpus few and small inputs that reach code which it does not."""
    subprocess.run([folder / "bin" / f"fuzz-{target}", "-set_cover_merge=1", "-use_counters=0", "-use_cmp=0", f"-max_len={LARGEST_KEPT}",
                    CORPUS / target, folder / "corpus" / target], check=True, capture_output=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", help=", ".join(TARGETS))
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build-fuzz")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    if set(args.targets) - set(TARGETS):
        parser.error(f"targets are {', '.join(TARGETS)}, got {' '.join(args.targets)}")
    targets = args.targets or TARGETS
    why = missing()
    if why:
        required = "fuzz" in os.environ.get("TUNEWARD_REQUIRE", "").split(",")
        print(f"fuzz: {why}: scripts/setup.sh --nightly installs it")
        return 1 if required else EXIT_SKIPPED
    build(args.build, targets)
    begin, findings = time.monotonic(), []
    for target in targets:
        executions, found = fuzz(args.build, target, args.seconds)
        print(f"fuzz: {target}: {executions} executions, {len(found)} findings {' '.join(map(str, found))}", flush=True)
        record("fuzz", f"fuzz.{target}.executions", executions, "executions", COMMAND, "higher")
        record("fuzz", f"fuzz.{target}.findings", len(found), "findings", COMMAND, "lower", 0)
        findings += found
        if args.keep and not found:
            keep(args.build, target)
    record("fuzz", "fuzz.seconds", round(time.monotonic() - begin), "s", COMMAND, "higher", args.seconds * len(targets))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
