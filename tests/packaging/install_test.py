#!/usr/bin/env python3
"""`cmake --install`: what is installed works without the source tree, up to a whole stack with the proxy in front.

The stack is that of deploy/local, from the installed programs; the proxy is Debian's nginx with the committed configuration.
"""
import json
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
from private_cluster import PrivateCluster, free_port, pg_folder  # noqa: E402
from results import record  # noqa: E402
from runner import lacks, main  # noqa: E402
from tree import ROOT  # noqa: E402

BUILD = pathlib.Path(os.environ.get("TUNEWARD_BUILD", ROOT / "build"))
PROGRAMS = ["tuneward", "tuneward-server", "tuneward-worker", "tuneward-migrate", "tuneward-sandbox"]
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"}


def run(*command, check=True, **more):
    more.setdefault("env", CLEAN)
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, cwd="/", **more)
    if check and result.returncode != 0:
        raise AssertionError(f"{command} ended with {result.returncode}: {result.stdout}{result.stderr}")
    return result


class Installed(unittest.TestCase):
    """Installs once a class into a temporary prefix."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="tuneward-install-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.folder.chmod(0o755)
        missing = [p for p in PROGRAMS if not (BUILD / "bin" / p).exists()]
        if missing:
            raise AssertionError(f"not in {BUILD}/bin: {missing}")
        cls.prefix = cls.folder / "prefix"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        cls.bin = cls.prefix / "bin"
        cls.share = cls.prefix / "share/tuneward"


class FilesTest(Installed):
    def test_programs_answer_in_an_empty_environment(self):
        version = re.search(r"project\(tuneward VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")).group(1)
        for program in PROGRAMS:
            self.assertEqual(run(self.bin / program, "--version", env={}).stdout.split("\n")[0], f"{program} {version}")
            text = run(self.bin / program, "--help", env={}, check=False).stdout
            self.assertGreater(len(re.findall(r"(?m)^\s+(?:-\w,)?--\w", text)), 1, f"{program} --help lists no options")

    def test_programs_find_libraries_only_beside_them_and_in_the_build_s_libtorch(self):
        torch = re.search(r"TUNEWARD_TORCH_ROOT:PATH=(.*)", (BUILD / "CMakeCache.txt").read_text(encoding="utf-8")).group(1)
        for program in PROGRAMS:
            paths = re.findall(r"(?:RUNPATH|RPATH).*\[(.*)\]", run("readelf", "-d", self.bin / program).stdout)
            uses_torch = program in ("tuneward-worker", "tuneward-sandbox")
            self.assertEqual(paths, [f"$ORIGIN/../lib/tuneward:{torch}/lib"] if uses_torch else [], program)

    def test_what_belongs_to_a_program_is_there(self):
        migrations = sorted(p.name for p in (ROOT / "migrations").glob("[0-9]*.sql"))
        self.assertEqual(sorted(p.name for p in (self.share / "migrations").iterdir()), migrations)
        for path in ("models/nano-shallow/model.safetensors", "deploy/proxy/nginx.conf", "deploy/prometheus/alerts.yml",
                     "deploy/grafana/dashboards/tuneward.json", "deploy/systemd/tuneward-server.service"):
            self.assertTrue((self.share / path).is_file(), path)
        for path in ("LICENSE", "THIRD_PARTY.md", "SECURITY.md"):
            self.assertTrue((self.prefix / "share/doc/tuneward" / path).is_file(), path)

    def test_installed_size_is_known(self):
        total = sum(p.stat().st_size for p in self.prefix.rglob("*") if p.is_file())
        record("packaging", "install.size_mib", total / 2**20, "MiB", "make test", "lower", 60)
        self.assertLess(total, 200 * 2**20)

    def test_worker_runs_with_a_libtorch_of_its_own(self):
        moved = self.folder / "moved"
        run("cmake", "--install", BUILD, "--prefix", moved, "--component", "worker")
        if run("cmake", "--install", BUILD, "--prefix", moved, "--component", "torch", check=False).returncode != 0:
            self.skipTest("LibTorch's CUDA build stays where it is")
        loaded = run("ldd", moved / "bin/tuneward-worker", env={}).stdout
        self.assertNotIn("not found", loaded)
        for library in re.findall(r"lib(?:torch|c10|gomp)\S* => (\S+)", loaded):
            self.assertTrue(os.path.realpath(library).startswith(str(moved)), library)


class DatabaseTest(Installed):
    def test_installed_migrate_fills_the_database_that_the_compose_file_makes(self):
        if pg_folder() is None:
            lacks(self, "pg", "PostgreSQL is missing: run scripts/setup.sh")
        cluster = PrivateCluster()
        self.addCleanup(cluster.stop)
        password = self.folder / "password"
        password.write_text("correct horse\n", encoding="utf-8")
        run(ROOT / "deploy/compose/initdb.sh", env={**cluster.environment(), "DB_PASSWORD_FILE": str(password)})
        self.assertEqual(cluster.query("postgres", "select rolsuper from pg_roles where rolname='tuneward'"), "f")

        dsn, key = self.folder / "dsn", self.folder / "operator.key"
        dsn.write_text(f"host=127.0.0.1 port={cluster.port} dbname=tuneward user=tuneward password='correct horse'\n", encoding="utf-8")
        migrate = (self.bin / "tuneward-migrate", f"--dsn_file={dsn}", f"--bootstrap_key_file={key}")
        self.assertIn("the first operator key", run(*migrate).stdout)
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        files = len(list((self.share / "migrations").iterdir()))
        self.assertEqual(cluster.query("tuneward", "select count(*) from schema_migrations"), str(files))
        self.assertIn("0 applied now", run(*migrate).stdout)

        dsn.write_text(dsn.read_text(encoding="utf-8").replace("correct", "wrong"), encoding="utf-8")
        self.assertNotEqual(run(*migrate, check=False).returncode, 0)


class StackTest(Installed):
    """PostgreSQL, server and worker from the installed tree; then the proxy."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = cls.folder / "stack"
        cls.local = {**CLEAN, "TUNEWARD_BIN": str(cls.bin), "TUNEWARD_LOCAL_ROOT": str(cls.root), "TUNEWARD_LOCAL_THROWAWAY": "1",
                     "TUNEWARD_LOCAL_MODELS": str(cls.share / "models")}

    def setUp(self):
        if pg_folder() is None:
            lacks(self, "pg", "PostgreSQL is missing: run scripts/setup.sh")
        self.addCleanup(run, ROOT / "deploy/local/tuneward-local", "purge", env=self.local)
        run(ROOT / "deploy/local/tuneward-local", "up", env=self.local)

    def ports(self):
        return dict(line.split("=") for line in (self.root / "run/ports").read_text(encoding="utf-8").split())

    def start_proxy(self):
        """The committed configuration with this machine's addresses; returns its port."""
        self.secrets = self.folder / "compose"
        run(ROOT / "deploy/compose/init.sh", "--folder", self.secrets)
        port = free_port()
        text = (ROOT / "deploy/proxy/nginx.conf").read_text(encoding="utf-8")
        for old, new in ((" server:7400", f" {self.ports()['public']}"), ("listen 8443", f"listen 127.0.0.1:{port}"),
                         ("/run/secrets/", f"{self.secrets}/secrets/"), ("/tmp/nginx", f"{self.folder}/nginx"),
                         ("/dev/stdout", f"{self.folder}/access.log"), ("/dev/stderr", f"{self.folder}/proxy.log")):
            self.assertIn(old, text)
            text = text.replace(old, new)
        conf = self.folder / "nginx.conf"
        conf.write_text(text, encoding="utf-8")
        nginx = subprocess.Popen(["nginx", "-c", str(conf), "-g", "daemon off;"], env=CLEAN)
        self.addCleanup(lambda: (nginx.terminate(), nginx.wait(10)))
        for _ in range(100):
            if nginx.poll() is None and run("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port}", check=False).returncode == 0:
                return port
            time.sleep(0.1)  # a server's start has no event to wait for
        self.fail("nginx did not start: " + (self.folder / "proxy.log").read_text(encoding="utf-8"))

    def test_calls_pass_the_proxy_over_tls(self):
        if shutil.which("nginx", path=CLEAN["PATH"]) is None:
            lacks(self, "compose", "nginx is missing: run scripts/setup.sh")
        certificate = self.start_and_name_certificate()
        keys = self.root / "secrets"
        client = (self.bin / "tuneward", "--json", "--config", self.folder / "none", "--endpoint", f"https://localhost:{self.port}",
                  "--project", "demo", "--api-key-file", keys / "demo.key", "--ca-file", certificate)
        rows = self.folder / "rows.jsonl"
        run(self.bin / "tuneward-sandbox", "make-data", "--family", "gsm8k", "--strategy", "benign", "--rows", "4000", "--seed", "1",
            "--out", rows)
        uploaded = json.loads(run(*client, "files", "upload", rows).stdout)
        self.assertEqual(uploaded["state"], "FILE_STATE_PROCESSED")
        self.assertEqual(int(uploaded["rows"]), 4000)

        admin = run(*client, "--admin-endpoint", f"https://localhost:{self.port}", "--admin-key-file", keys / "operator.key",
                    "admin", "workers", "list", check=False)
        self.assertNotEqual(admin.returncode, 0)
        self.assertIn("not served on this port", admin.stderr)
        stranger = [c if c != certificate else self.folder / "nginx.conf" for c in client]
        self.assertNotEqual(run(*stranger, "models", "list", check=False).returncode, 0)
        log = (self.folder / "access.log").read_text(encoding="utf-8")
        self.assertIn("/tuneward.v1.FileService/UploadFile", log)
        self.assertNotIn((keys / "demo.key").read_text(encoding="utf-8").strip(), log)

    def start_and_name_certificate(self):
        self.port = self.start_proxy()
        return self.secrets / "secrets/tls_certificate"

    def test_health_check_of_the_images_tells_up_from_down(self):
        check = ROOT / "deploy/images/healthcheck"
        metrics = self.ports()["metrics"].split(":")[1]
        self.assertEqual(run(check, metrics, check=False).returncode, 0)
        self.assertNotEqual(run(check, free_port(), check=False).returncode, 0)
        self.assertNotEqual(run(check, self.ports()["public"].split(":")[1], check=False).returncode, 0)


if __name__ == "__main__":
    main()
