"""A local stack (deploy/local/tuneward-local) in a temporary folder, its command line, and a Prometheus that scrapes it."""
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from monitoring import PROMETHEUS, ROOT

BASE = "nano-shallow"


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def wait_for(what, condition, seconds=60):
    """Polls until the condition gives something; its errors of connection count as not yet."""
    end, last = time.monotonic() + seconds, None
    while time.monotonic() < end:
        try:
            last = condition()
            if last:
                return last
        except (urllib.error.URLError, ConnectionError) as error:
            last = error
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds} s; last: {last!r}")


class Stack:
    def __init__(self, programs, **settings):
        self.folder = tempfile.TemporaryDirectory(prefix="tw_stack_")
        self.root = pathlib.Path(self.folder.name) / "stack"
        self.programs = programs
        # Settings of the processes travel as the environment (TUNEWARD_<FLAG>); the user's own must not reach them.
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("TUNEWARD_")}
        self.env |= {"TUNEWARD_BIN": programs, "TUNEWARD_LOCAL_ROOT": str(self.root), "TUNEWARD_LOCAL_THROWAWAY": "1"}
        self.env |= {f"TUNEWARD_{name.upper()}": str(value) for name, value in settings.items()}

    def local(self, command):
        return subprocess.run([ROOT / "deploy/local/tuneward-local", command], env=self.env, capture_output=True, text=True, check=False)

    def start(self):
        up = self.local("up")
        if up.returncode != 0:
            raise AssertionError(f"tuneward-local up: {up.stdout}{up.stderr}")

    def stop(self):
        self.local("purge")
        self.folder.cleanup()

    def ports(self, process):
        """name -> host:port, as the process wrote it."""
        text = (self.root / "run" / ("ports" if process == "server" else f"{process}-ports")).read_text(encoding="utf-8")
        return dict(line.split("=", 1) for line in text.splitlines())

    def metrics(self, process):
        return fetch(f"http://{self.ports(process)['metrics']}/metrics")

    def secret(self, name):
        return (self.root / "secrets" / name).read_text(encoding="utf-8").strip()

    def log(self, process):
        return (self.root / "log" / f"{process}.log").read_text(encoding="utf-8")

    def cli(self, *args, key_file=None):
        """Standard output as JSON, or the error as JSON; the exit status."""
        ports = self.ports("server")
        run = subprocess.run([f"{self.programs}/tuneward", "--json", "--config", self.root / "no-config", "--endpoint", ports["public"],
                              "--admin-endpoint", ports["admin"], "--project", "open",
                              "--api-key-file", key_file or self.root / "secrets/open.key",
                              "--admin-key-file", self.root / "secrets/operator.key", *args],
                             env=self.env, capture_output=True, text=True, check=False)
        text = run.stdout if run.returncode == 0 else run.stderr
        return run.returncode, text


class PrometheusServer:
    """Debian's prometheus with the committed configuration: other ports, and a second between scrapes."""

    def __init__(self, folder, targets):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        config = (PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8")
        for committed, real in targets.items():
            assert config.count(f'"{committed}"') == 1, f"prometheus.yml has no target {committed}"
            config = config.replace(f'"{committed}"', f'"{real}"')
        config = re.sub(r"(scrape_interval|evaluation_interval): \w+", r"\1: 1s", config)
        (self.folder / "prometheus.yml").write_text(config, encoding="utf-8")
        (self.folder / "alerts.yml").write_bytes((PROMETHEUS / "alerts.yml").read_bytes())
        with socket.socket() as free:  # Prometheus does not say which port it got for 0
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.output = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data",
             f"--web.listen-address={self.address}", "--log.level=warn"], stdout=self.output, stderr=self.output)

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError("prometheus ended: " + (self.folder / "log").read_text(encoding="utf-8"))
        return "Ready" in fetch(f"http://{self.address}/-/ready")

    def api(self, path, **parameters):
        answer = json.loads(fetch(f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"))
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression):
        """[(labels, value)]; NaN is no answer."""
        result = self.api("query", query=expression)["result"]
        return [(row["metric"], float(row["value"][1])) for row in result if row["value"][1] != "NaN"]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.output.close()
