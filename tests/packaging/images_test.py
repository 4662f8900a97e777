#!/usr/bin/env python3
"""The Dockerfile against the built programs: each stage's packages bring every library that its programs load, and what it
copies is in the build's sight. The images themselves are not built here: that takes a container engine."""
import fnmatch
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path[1:1] = [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("architecture", "support")]
from runner import lacks, main  # noqa: E402
from tree import ROOT, tracked_paths  # noqa: E402

BIN = pathlib.Path(os.environ.get("TUNEWARD_BUILD", ROOT / "build")) / "bin"
PROGRAMS = {"client": ["tuneward"], "migrate": ["tuneward-migrate"], "server": ["tuneward-server"],
            "worker": ["tuneward-worker", "tuneward-sandbox"]}
# In every image from the start; the worker's LibTorch brings its own libgomp.
ESSENTIAL = {"libc6", "libgcc-s1", "libstdc++6"}


def stages_of(text):
    """stage -> (parent, its instructions), with continued lines joined."""
    text = re.sub(r"(?m)^#.*\n", "", text)
    text = re.sub(r"\\\n", " ", text)
    stages = {}
    for line in text.splitlines():
        begin = re.match(r"FROM (\S+) AS (\S+)$", line)
        if begin:
            stages[begin.group(2)] = (begin.group(1), [])
        elif line.strip() and stages:
            list(stages.values())[-1][1].append(line.strip())
    return stages


def packages_of(stages, stage):
    packages = set()
    while stage in stages:
        parent, lines = stages[stage]
        for line in lines:
            for install in re.findall(r"apt-get install -y --no-install-recommends ([^&]*)", line):
                packages |= set(install.split())
        stage = parent
    return packages


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def owners(program):
    """Debian packages of the libraries that a program loads; a library of no package stands for itself."""
    paths = [os.path.realpath(p) for p in re.findall(r"=> (/\S+)", output("ldd", BIN / program)) if "/torch/" not in p]
    # A package may name a file with or without /usr: the two are one folder.
    asked = [name for path in paths for name in (path, path.removeprefix("/usr"))]
    found = subprocess.run(["dpkg-query", "-S", *asked], capture_output=True, text=True, check=False).stdout
    owner = {path.removeprefix("/usr"): package for package, path in re.findall(r"(?m)^([^:\s]+)\S*: (/\S+)$", found)}
    return {owner.get(path.removeprefix("/usr"), path) for path in paths}


@functools.cache
def dependencies():
    """package -> what it depends on, as this machine knows it (a Debian 12 with the development packages)."""
    lines = output("dpkg-query", "-W", "-f=${Package}\t${Depends},${Pre-Depends}\n").splitlines()
    return {name: {re.split(r"[ (:|]", d.strip())[0] for d in depends.split(",") if d.strip()}
            for name, depends in (line.split("\t") for line in lines)}


def closure(packages):
    seen, left = set(), set(packages)
    while left:
        name = left.pop()
        seen.add(name)
        left |= dependencies().get(name, set()) - seen
    return seen


class LibrariesTest(unittest.TestCase):
    def setUp(self):
        self.stages = stages_of((ROOT / "deploy/images/Dockerfile").read_text(encoding="utf-8"))

    def test_packages_bring_every_library(self):
        for stage, programs in PROGRAMS.items():
            have = closure(packages_of(self.stages, stage)) | closure(ESSENTIAL)
            for program in programs:
                if not (BIN / program).exists():
                    lacks(self, "torch", f"{program} is not in {BIN}")
                self.assertEqual(owners(program) - have, set(), f"{program} in stage {stage}")

    def test_finds_a_missing_package(self):
        if not (BIN / "tuneward-server").exists():
            lacks(self, "torch", f"tuneward-server is not in {BIN}")
        have = closure(packages_of(self.stages, "server") - {"libpqxx-6.4"}) | closure(ESSENTIAL)
        self.assertIn("libpqxx-6.4", owners("tuneward-server") - have)

    def test_processes_are_not_root_and_have_a_health_check(self):
        for stage in PROGRAMS:
            lines = self.stages[stage][1]
            self.assertIn("USER tuneward", lines, stage)
            self.assertTrue(any(line.startswith("HEALTHCHECK") for line in lines), stage)
        self.assertEqual({parent for parent, _ in self.stages.values()} - set(self.stages), {"debian:12-slim"})


def shown_by_dockerignore(path):
    """As docker reads it: the last pattern that matches the path or a folder above it decides."""
    seen = True
    for pattern in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        name = pattern.lstrip("!")
        parts = pathlib.PurePosixPath(path).parts
        if name and not name.startswith("#") and any(fnmatch.fnmatch("/".join(parts[:i + 1]), name) for i in range(len(parts))):
            seen = pattern.startswith("!")
    return seen


def missing_sources(folder):
    """What the makefiles need and nobody makes. A dry run (-n) makes no library either: those have no absolute path."""
    plan = subprocess.run(["make", "-C", "build", "-n", "-k"], cwd=folder, capture_output=True, text=True, check=False)
    return sorted(set(re.findall(rf"No rule to make target '({re.escape(folder)}/(?!build/)[^']*)'", plan.stderr)))


class ContextTest(unittest.TestCase):
    def test_a_build_finds_all_sources_in_what_it_sees(self):
        build = pathlib.Path(os.environ.get("TUNEWARD_BUILD", ROOT / "build"))
        cache = (build / "CMakeCache.txt").read_text(encoding="utf-8")
        same = [f"-D{name}={re.search(rf'(?m)^{name}:[A-Z]+=(.*)$', cache).group(1)}" for name in ("TUNEWARD_DEPS", "TUNEWARD_WITH_WORKER")]
        with tempfile.TemporaryDirectory() as folder:
            for path in filter(shown_by_dockerignore, tracked_paths()):
                target = pathlib.Path(folder, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / path, target)
            # Makefiles, because a machine may let few ninjas run at a time, and this one would wait for builds.
            configured = subprocess.run(["cmake", "--preset", "release", "-G", "Unix Makefiles", "-DTUNEWARD_BUILD_TESTS=OFF", *same],
                                        cwd=folder, capture_output=True, text=True, check=False)
            self.assertEqual(configured.returncode, 0, configured.stderr)
            self.assertEqual(missing_sources(folder), [])
            pathlib.Path(folder, "migrations/0001_first.sql").unlink()
            self.assertEqual(missing_sources(folder), [f"{folder}/migrations/0001_first.sql"])
            for stage, (_, lines) in stages_of((ROOT / "deploy/images/Dockerfile").read_text(encoding="utf-8")).items():
                for copy in filter(None, (re.match(r"COPY (?!--from)(.*) \S+$", line) for line in lines)):
                    self.assertTrue(all(pathlib.Path(folder, source).exists() for source in copy.group(1).split()), f"{stage}: {copy[0]}")

    def test_a_build_does_not_see_secrets_and_data(self):
        for kept_out in (".env", "deploy/compose/secrets/dsn", "deploy/compose/keys/operator.key", ".git/config", "build/bin/tuneward",
                         ".local/stack/secrets/dsn", "tests/CMakeLists.txt"):
            self.assertFalse(shown_by_dockerignore(kept_out), kept_out)


if __name__ == "__main__":
    main()
