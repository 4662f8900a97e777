"""A PostgreSQL of a test's own, as the image's is at its first start: superuser postgres, trust on the socket, passwords on TCP."""
import glob
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pg_folder():
    """PostgreSQL's programs, or None."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    return pathlib.Path(found[-1]) if found else None


class PrivateCluster:
    """Started by the constructor; `stop` ends it and removes its data."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tw-", dir="/tmp"))  # short: a socket's path may have 107 bytes
        self.port = free_port()
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.run("initdb", "-D", self.folder / "data", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
                 "--auth-local=trust", "--auth-host=scram-sha-256")
        options = f"-k {self.folder} -p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off"
        self.run("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-w", "-s", "-o", options, "start")

    def run(self, program, *arguments):
        as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        # Not a pipe: the postmaster would keep it open.
        with open(os.devnull, "w", encoding="utf-8") as null:
            subprocess.run([*as_user, pg_folder() / program, *arguments], check=True, cwd="/", stdout=null)

    def environment(self):
        """What psql needs to be the superuser."""
        return {"PGHOST": str(self.folder), "PGPORT": str(self.port), "PATH": f"{pg_folder()}:{os.environ['PATH']}"}

    def query(self, database, sql):
        command = ["psql", "-X", "-q", "-A", "-t", "-U", "postgres", "-d", database, "-c", sql]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=self.environment()).stdout.strip()

    def stop(self):
        self.run("pg_ctl", "-D", self.folder / "data", "-w", "-s", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)
