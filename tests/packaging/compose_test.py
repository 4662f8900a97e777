#!/usr/bin/env python3
"""docker-compose.yml: its promises, docker-compose's own check, the linters, the proxy's configuration, the script for secrets.

Nothing is started in a container: no engine is needed.
"""
import copy
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import compose_rules as rules  # noqa: E402
from runner import lacks, main  # noqa: E402

ROOT = rules.ROOT
INIT = ROOT / "deploy/compose/init.sh"


def run(*command, **more):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, cwd=ROOT, **more)


def need(test, program):
    path = shutil.which(program)
    if path is None:
        lacks(test, "compose", f"{program} is missing: run scripts/setup.sh")
    return path


def parse(test, text):
    try:
        import yaml
    except ImportError:
        lacks(test, "compose", "Python's yaml is missing: run scripts/setup.sh")
    return yaml.safe_load(text)


class PromisesTest(unittest.TestCase):
    def setUp(self):
        self.compose = parse(self, (ROOT / "docker-compose.yml").read_text(encoding="utf-8"))

    def test_hold(self):
        self.assertEqual(rules.problems_of(self.compose), [])

    def test_images_are_of_this_version(self):
        version = re.search(r"project\(tuneward VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")).group(1)
        ours = [s["image"] for s in self.compose["services"].values() if "build" in s]
        self.assertEqual(sorted(ours), [f"tuneward/{name}:{version}" for name in ("client", "migrate", "server", "worker")])

    def test_each_rule_finds_its_breach(self):
        breaches = [
            lambda c: c["services"]["server"].update(ports=["7400:7400"]),
            lambda c: c["services"]["server"].update(network_mode="host"),
            lambda c: c["services"]["proxy"].pop("ports"),
            lambda c: c["services"]["server"].update(networks=["edge", "back"]),
            lambda c: c["networks"]["back"].pop("internal"),
            lambda c: c["services"]["proxy"].update(networks=["edge", "back"]),
            lambda c: c["secrets"].update(dsn={"external": True}),
            lambda c: c["secrets"].pop("dsn"),
            lambda c: c["services"]["grafana"]["environment"].update(GF_SECURITY_ADMIN_PASSWORD="admin"),
            lambda c: c["services"]["postgres"].update(image="postgres:latest"),
            lambda c: c["services"]["postgres"].update(image="postgres"),
            lambda c: c["services"]["worker"].pop("read_only"),
            lambda c: c["services"]["worker"].update(cap_add=["SYS_ADMIN"]),
            lambda c: c["services"]["worker"].pop("mem_limit"),
            lambda c: c["services"]["worker"].update(privileged=True),
            lambda c: c["services"]["proxy"].update(volumes=["./deploy/gone.conf:/etc/nginx/nginx.conf:ro"]),
        ]
        for number, breach in enumerate(breaches):
            compose = copy.deepcopy(self.compose)
            breach(compose)
            self.assertNotEqual(rules.problems_of(compose), [], f"breach {number}")


class ChecksTest(unittest.TestCase):
    def test_docker_compose_accepts_it(self):
        need(self, "docker-compose")
        result = run("docker-compose", "config", "-q", env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_docker_compose_refuses_a_misspelt_one(self):
        need(self, "docker-compose")
        text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8").replace("mem_limit", "memory_limit", 1)
        self.assertNotEqual(run("docker-compose", "-f", "-", "config", "-q", input=text).returncode, 0)

    def test_yaml_is_clean(self):
        need(self, "yamllint")
        result = run("yamllint", "--strict", "docker-compose.yml", "deploy")
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_dockerfile_is_clean(self):
        hadolint = os.environ.get("TUNEWARD_HADOLINT", "")
        if not os.path.exists(hadolint):
            lacks(self, "compose", f"hadolint is not in '{hadolint}': run scripts/setup.sh")
        lint = [hadolint, "--config", "deploy/images/hadolint.yaml"]
        result = run(*lint, "deploy/images/Dockerfile")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertNotEqual(run(*lint, "-", input="FROM debian\nRUN cd /tmp && sudo apt install x\n").returncode, 0)

    def test_units_of_systemd_are_sound(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is missing")
        with tempfile.TemporaryDirectory() as folder:
            for unit in sorted((ROOT / "deploy/systemd").glob("*.service")):
                text = unit.read_text(encoding="utf-8")
                self.assertRegex(text, r"\nUser=tuneward\n", unit.name)
                pathlib.Path(folder, unit.name).write_text(re.sub(r"(?m)^(ExecStart=)\S+", r"\1/bin/true", text), encoding="utf-8")
            result = run("systemd-analyze", "verify", *sorted(pathlib.Path(folder).iterdir()))
            self.assertEqual(result.stderr.replace("tuneward", ""), "", result.stderr)


class InitTest(unittest.TestCase):
    """The script that makes secrets."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def init(self, *arguments):
        result = run(INIT, "--folder", self.folder, *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)

    def secret(self, name):
        return (self.folder / "secrets" / name).read_text(encoding="utf-8").strip()

    def mode(self, path):
        return stat.S_IMODE((self.folder / path).stat().st_mode)

    def test_makes_every_secret_of_the_file_once(self):
        self.init("--host", "tune.example")
        compose = parse(self, (ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
        names = sorted(p.name for p in (self.folder / "secrets").iterdir())
        self.assertEqual(names, sorted(compose["secrets"]))
        self.assertEqual([compose["secrets"][n]["file"] for n in names], [f"./deploy/compose/secrets/{n}" for n in names])
        self.assertIn(f"password={self.secret('db_password')}", self.secret("dsn"))
        self.assertEqual(len({self.secret(n) for n in names}), len(names))
        before = {name: self.secret(name) for name in names}
        self.init()
        self.assertEqual({name: self.secret(name) for name in names}, before)

    def test_keeps_secrets_from_others(self):
        self.init()
        self.assertEqual((self.mode("secrets"), self.mode("keys")), (0o700, 0o700))
        settings = dict(line.split("=", 1) for line in (self.folder / ".env").read_text(encoding="utf-8").splitlines() if line[0] != "#")
        self.assertNotEqual(settings["TUNEWARD_UID"], "0")
        for name in ("dsn", "worker_secret"):  # server and worker refuse anything wider
            self.assertEqual(self.mode(f"secrets/{name}"), 0o600)
            self.assertEqual(str((self.folder / "secrets" / name).stat().st_uid), settings["TUNEWARD_UID"])

    def test_certificate_fits_its_key_and_name(self):
        self.init("--host", "tune.example")
        public = [run("openssl", *kind, "-in", self.folder / "secrets" / name).stdout
                  for kind, name in ((("x509", "-noout", "-pubkey"), "tls_certificate"), (("pkey", "-pubout"), "tls_key"))]
        self.assertEqual(public[0], public[1])
        check = run("openssl", "x509", "-noout", "-checkhost", "tune.example", "-in", self.folder / "secrets/tls_certificate")
        self.assertIn("does match", check.stdout)

    def test_git_and_image_builds_pass_secrets_by(self):
        ignored = run("git", "check-ignore", ".env", "deploy/compose/secrets/dsn", "deploy/compose/keys/operator.key")
        if ignored.returncode != 128:  # not a clone
            self.assertEqual(len(ignored.stdout.split()), 3, ignored.stdout)
        shown = [line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")]
        self.assertEqual([path for path in shown if "deploy/compose".startswith(path) or path.startswith((".", "deploy/compose"))], [])


class ProxyTest(unittest.TestCase):
    """The proxy's configuration. That calls pass through it is shown in install_test.py."""

    def nginx_check(self, text):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(run(INIT, "--folder", folder).returncode, 0)
            conf = pathlib.Path(folder, "nginx.conf")
            conf.write_text(text.replace("/run/secrets/", f"{folder}/secrets/").replace("/tmp/nginx", f"{folder}/nginx"), encoding="utf-8")
            return run(shutil.which("nginx") or "/usr/sbin/nginx", "-t", "-q", "-c", conf)

    def test_nginx_accepts_it(self):
        if not (shutil.which("nginx") or os.path.exists("/usr/sbin/nginx")):
            lacks(self, "compose", "nginx is missing: run scripts/setup.sh")
        text = (ROOT / "deploy/proxy/nginx.conf").read_text(encoding="utf-8")
        result = self.nginx_check(text)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertNotEqual(self.nginx_check(text.replace("grpc_pass", "grpc_past")).returncode, 0)


if __name__ == "__main__":
    main()
