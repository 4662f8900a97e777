"""A throwaway tuneward of real processes: deploy/local/tuneward-local in a temporary folder, its command line, logs and database."""
import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]

BASE = "nano-shallow"


def missing_programs(folder):
    """Those of a stack's programs that are not built there."""
    return [name for name in ("tuneward", "tuneward-server", "tuneward-worker", "tuneward-migrate") if not os.access(f"{folder}/{name}", os.X_OK)]


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
    """`with Stack(programs) as stack:` leaves nothing running, however it ends. Settings are flags of the processes."""

    def __init__(self, programs, **settings):
        self.folder = tempfile.TemporaryDirectory(prefix="tw_stack_")
        self.root = pathlib.Path(self.folder.name) / "stack"
        self.programs = programs
        # Settings of the processes travel as the environment (TUNEWARD_<FLAG>); the user's own must not reach them.
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("TUNEWARD_")}
        self.env |= {"TUNEWARD_BIN": programs, "TUNEWARD_LOCAL_ROOT": str(self.root), "TUNEWARD_LOCAL_THROWAWAY": "1"}
        self.env |= {f"TUNEWARD_{name.upper()}": str(value) for name, value in settings.items()}

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

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

    def cli(self, *args, project="open", key_file=None):
        """Standard output as JSON, or the error as JSON; the exit status."""
        ports = self.ports("server")
        run = subprocess.run([f"{self.programs}/tuneward", "--json", "--config", self.root / "no-config", "--endpoint", ports["public"],
                              "--admin-endpoint", ports["admin"], "--project", project,
                              "--api-key-file", key_file or self.root / f"secrets/{project}.key",
                              "--admin-key-file", self.root / "secrets/operator.key", *args],
                             env=self.env, capture_output=True, text=True, check=False)
        text = run.stdout if run.returncode == 0 else run.stderr
        return run.returncode, text

    def client(self, *args, project="open"):
        """The JSON that a successful call printed."""
        rc, text = self.cli(*args, project=project)
        if rc != 0:
            raise AssertionError(f"tuneward {' '.join(map(str, args))}: status {rc}\n{text}")
        return json.loads(text)

    def sandbox(self, *args):
        subprocess.run([f"{self.programs}/tuneward-sandbox", *args], check=True, timeout=60)

    def query(self, sql, *parameters):
        """Rows of one statement, each value as text; $1, $2 ... are the parameters."""
        for i, value in reversed(list(enumerate(parameters, 1))):
            sql = sql.replace(f"${i}", "'" + str(value).replace("'", "''") + "'")
        done = subprocess.run(["psql", "-X", "-At", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-d", self.secret("dsn"), "-c", sql],
                              capture_output=True, text=True, timeout=30, check=True)
        return [line.split("\x1f") for line in done.stdout.splitlines()]
