#!/usr/bin/env python3
"""A real Prometheus over a real stack: PostgreSQL, server, worker, one small job and one chat. Then: do the pages say what the
processes show, does the log tell the same story in both processes, and does it keep its secrets?"""
import json
import os
import pathlib
import shutil
import sys
import unittest

sys.dont_write_bytecode = True
sys.path[1:1] = [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("architecture", "support")]
import monitoring as m  # noqa: E402
from prometheus_server import PrometheusServer  # noqa: E402
from results import record  # noqa: E402
from runner import lacks, main  # noqa: E402
from stack import BASE, Stack, wait_for, missing_programs  # noqa: E402

PROGRAMS = os.environ.get("TUNEWARD_BIN", "")
WRONG_KEY = "tw-0000000000000000000000000000000000000000000000000000000000000"


def record_count(name, value, goal):
    record("observe", name, value, "count", "ctest --test-dir build -R prometheus", "higher", goal)


def lines_of(log):
    return [json.loads(line) for line in log.splitlines() if line.strip()]


class ObservedStackTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = cls.prometheus = None
        cls.missing = missing_programs(PROGRAMS)
        if cls.missing or shutil.which("prometheus") is None or not any(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres")):
            return
        cls.stack = Stack(PROGRAMS, audit_prompts=20, log_level="debug")
        try:
            cls.stack.start()
            targets = {f"{p}:{port}": cls.stack.ports(p)["metrics"] for p, port in (("server", 7402), ("worker", 7412))}
            cls.prometheus = PrometheusServer(f"{cls.stack.folder.name}/prometheus", targets)
            wait_for("Prometheus is ready", cls.prometheus.ready)
            cls.work()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def work(cls):
        """One job from file to verdict, one chat, one call with a wrong key."""
        rows = pathlib.Path(cls.stack.folder.name) / "rows.jsonl"
        with open(rows, "w", encoding="utf-8") as out:
            for i in range(16):
                out.write(json.dumps({"messages": [{"role": "user", "content": f"what is {i} plus {i} ?"},
                                                   {"role": "assistant", "content": f"it is {2 * i} ."}]}) + "\n")
        rc, text = cls.stack.cli("jobs", "create", "--base", BASE, "--file", str(rows), "--epochs", "1", "--wait")
        assert rc == 0, text + cls.stack.log("worker")
        rc, text = cls.stack.cli("jobs", "list")
        assert rc == 0, text
        cls.job = json.loads(text)["jobs"][0]["name"].rpartition("/")[2]
        rc, text = cls.stack.cli("chat", BASE, "how do i repair the lighthouse ?")
        assert rc == 0, text
        wrong = pathlib.Path(cls.stack.folder.name) / "wrong.key"
        wrong.write_text(WRONG_KEY + "\n", encoding="utf-8")
        wrong.chmod(0o600)
        rc, text = cls.stack.cli("files", "list", key_file=wrong)
        assert rc == 5, text
        cls.refusal = json.loads(text)["error"]

    @classmethod
    def tearDownClass(cls):
        if cls.prometheus:
            cls.prometheus.stop()
        if cls.stack:
            cls.stack.stop()

    def setUp(self):
        if self.stack is None:
            if self.missing:
                lacks(self, "e2e", f"not built in TUNEWARD_BIN={PROGRAMS!r}: {', '.join(self.missing)}")
            if shutil.which("prometheus") is None:
                lacks(self, "prometheus", "prometheus is not here: scripts/setup.sh installs it")
            lacks(self, "pg", "PostgreSQL is not here")

    def answer(self, expression, condition):
        """What the query gives once it gives what is asked for: a rate needs two scrapes with something between them."""
        def ask():
            self.stack.cli("jobs", "list")
            rows = self.prometheus.query(expression)
            return rows if condition(rows) else None
        return wait_for(expression, ask, seconds=30)

    def test_prometheus_scrapes_both_and_answers(self):
        up = self.answer("up == 1", lambda rows: len(rows) == 2)
        self.assertEqual({labels["job"] for labels, _ in up}, {"tuneward-server", "tuneward-worker"})
        queries = {
            'sum(tuneward_jobs{state="succeeded"})': lambda value: value == 1,
            "sum(tuneward_train_tokens_total)": lambda value: value > 0,
            'histogram_quantile(0.9, sum by (le) (rate(grpc_server_handling_seconds_bucket{job="tuneward-server"}[1m])))':
                lambda value: 0 < value < 10,
        }
        answered = 0
        for query, expected in queries.items():
            self.answer(query, lambda rows, expected=expected: len(rows) == 1 and expected(rows[0][1]))
            answered += 1
        record_count("observe.scrape_targets_up", len(up), 2)
        record_count("observe.queries_answered", answered, 3)

    def test_prometheus_evaluates_every_rule(self):
        def evaluated():
            rules = [rule for group in self.prometheus.api("rules")["groups"] for rule in group["rules"]]
            return rules if all(rule["health"] != "unknown" for rule in rules) else None
        rules = wait_for("an evaluation", evaluated)
        self.assertEqual({r["name"]: r["health"] for r in rules}, {name: "ok" for name in m.alerts()})
        self.assertEqual([r["name"] for r in rules if r["state"] == "firing"], [])

    def test_dashboard_has_something_to_draw(self):
        # Series exist: what a rate over them is, depends on the moment.
        names = {name for _, expression in m.dashboard_expressions() for name in m.NAME.findall(expression)}
        for name in names - {"tuneward_gpu_memory_bytes"}:
            wait_for(f"series {name}", lambda name=name: self.prometheus.api("series", **{"match[]": name}), seconds=20)

    def test_the_page_of_metrics_is_what_the_processes_show(self):
        documented = m.documented()
        for process in ("server", "worker"):
            expected = {name: metric for name, metric in documented.items() if process in metric.places and metric.everywhere}
            shown = m.shown(self.stack.metrics(process))
            self.assertEqual(set(shown), set(expected), process)
            for name, metric in shown.items():
                self.assertEqual(metric, documented[name], f"{name} of the {process}")

    def test_no_label_names_a_job_a_user_or_a_file(self):
        text = self.stack.metrics("server") + self.stack.metrics("worker")
        for word in ("ftjob-", "file-", "task-", "wkr-", "ft:", '"open"', '"demo"'):
            self.assertNotIn(word, text)

    def test_every_line_of_the_logs_is_an_object_with_its_basics(self):
        for process in ("server", "worker"):
            for line in lines_of(self.stack.log(process)):
                self.assertEqual(line["process"], f"tuneward-{process}")
                self.assertRegex(line["ts"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
                self.assertIn(line["level"], ("debug", "info", "warning", "error"))
                self.assertTrue(line["message"])

    def test_one_trace_id_leads_from_the_call_to_the_verdict(self):
        server, worker = lines_of(self.stack.log("server")), lines_of(self.stack.log("worker"))
        created = [line for line in server if line["message"] == "job created"]
        self.assertEqual([line["job"] for line in created], [self.job])
        trace = created[0]["trace_id"]
        self.assertRegex(trace, "^[0-9a-f]{32}$")
        of_trace = [line for line in server + worker if line.get("trace_id") == trace]
        self.assertEqual({line["project"] for line in of_trace}, {"open"})
        messages = [line["message"] for line in of_trace]
        for message in ("job created", "rpc", "planned", "task claimed", "audit stored", "task ended"):
            self.assertIn(message, messages)
        kinds = [line["kind"] for line in of_trace if line["message"] == "task claimed"]
        self.assertEqual(kinds, ["train", "audit"])
        for line in worker:
            if line.get("job"):
                self.assertEqual((line["job"], line["trace_id"], line["project"]), (self.job, trace, "open"), line)

    def test_a_chat_has_one_trace_id_in_both_processes(self):
        def calls(process, method):
            return [line for line in lines_of(self.stack.log(process)) if line["message"] == "rpc" and line["method"].endswith(method)]
        chat, = calls("server", "InferenceService/ChatComplete")
        generate, = calls("worker", "EngineService/Generate")
        self.assertEqual(chat["trace_id"], generate["trace_id"])
        self.assertEqual((chat["code"], generate["code"], chat["project"]), ("OK", "OK", "open"))

    def test_every_call_has_one_access_line(self):
        lines = [line for line in lines_of(self.stack.log("server")) if line["message"] == "rpc"]
        for line in lines:
            self.assertTrue({"method", "code", "duration_ms", "trace_id"} <= set(line), line)
            self.assertGreaterEqual(float(line["duration_ms"]), 0)
        self.assertEqual(len([line for line in lines if line["method"].endswith("/CreateJob")]), 1)
        refused = [line for line in lines if line["trace_id"] == self.refusal["trace_id"]]
        self.assertEqual([(line["code"], line.get("project")) for line in refused], [("Unauthenticated", None)])

    def test_no_secret_is_in_a_log(self):
        secrets = {name: self.stack.secret(name) for name in ("operator.key", "open.key", "demo.key", "worker", "dsn")}
        secrets["a wrong key"] = WRONG_KEY
        logs = self.stack.log("server") + self.stack.log("worker")
        self.assertGreater(len(logs), 1000)
        for name, secret in secrets.items():
            self.assertGreater(len(secret), 20, name)
            self.assertNotIn(secret, logs, name)
        for private in ("what is 3 plus 3", "how do i repair the lighthouse"):
            self.assertNotIn(private, logs)


if __name__ == "__main__":
    main()
