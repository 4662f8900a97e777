"""Debian's Prometheus over a stack, with the committed configuration."""
import json
import pathlib
import re
import socket
import subprocess
import urllib.parse

from monitoring import PROMETHEUS
from stack import fetch


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
