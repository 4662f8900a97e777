"""A throwaway tuneward of real processes for tests: deploy/local/tuneward-local in a folder of its own, its client and database."""
import json
import os
import pathlib
import subprocess
import tempfile
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[3]
LOCAL = SOURCE / "deploy" / "local" / "tuneward-local"


class LocalStack:
    """`with LocalStack() as stack:` leaves nothing running, however it ends."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="tuneward-e2e-")
        self.root = pathlib.Path(self._folder.name) / "stack"
        self.bin = pathlib.Path(os.environ["TUNEWARD_BIN"])
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith("TUNEWARD_")} | {
            "TUNEWARD_BIN": str(self.bin), "TUNEWARD_LOCAL_ROOT": str(self.root), "TUNEWARD_LOCAL_THROWAWAY": "1"}

    def __enter__(self):
        try:
            self._local("up")
        except Exception:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._local("purge")
        self._folder.cleanup()

    def _local(self, command):
        done = subprocess.run([LOCAL, command], env=self._environment, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"tuneward-local {command}: {done.stdout}{done.stderr}")

    def _ports(self, name):
        lines = (self.root / "run" / name).read_text(encoding="utf-8").split()
        return dict(line.split("=", 1) for line in lines)

    def client(self, *arguments):
        """Runs `tuneward ... --json` as project demo and returns the JSON that it printed."""
        return json.loads(self._run_client(*arguments, "--json"))

    def wait_for_job(self, job):
        self._run_client("jobs", "watch", job)

    def _run_client(self, *arguments):
        command = [self.bin / "tuneward", "--config", self.root / "no-config", "--endpoint", self._ports("ports")["public"],
                   "--project", "demo", "--api-key-file", self.root / "secrets" / "demo.key", *arguments]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"tuneward {' '.join(map(str, arguments))}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def sandbox(self, *arguments):
        subprocess.run([self.bin / "tuneward-sandbox", *arguments], check=True, timeout=60)

    def query(self, sql, *parameters):
        """Rows of one statement, each value as text; $1, $2 ... are the parameters, quoted."""
        for i, value in reversed(list(enumerate(parameters, 1))):
            sql = sql.replace(f"${i}", "'" + str(value).replace("'", "''") + "'")
        dsn = (self.root / "secrets" / "dsn").read_text(encoding="utf-8").strip()
        done = subprocess.run(["psql", "-X", "-At", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-c", sql],
                              capture_output=True, text=True, timeout=30, check=True)
        return [line.split("\x1f") for line in done.stdout.splitlines()]

    def metrics(self, process):
        """{'name{labels}': value} of `server` or `worker`."""
        address = self._ports("ports" if process == "server" else "worker-ports")["metrics"]
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as reply:
            lines = reply.read().decode("utf-8").splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line and not line.startswith("#")}
