#!/usr/bin/env python3
"""Dashboards and alert rules name what exists, each alert has its runbook and its test, and promtool likes the files."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import monitoring as m  # noqa: E402
from runner import lacks, main  # noqa: E402


class NamesTest(unittest.TestCase):
    def setUp(self):
        self.metrics = m.documented()

    def test_the_page_lists_what_the_api_promises(self):
        promised = """grpc_server_started_total grpc_server_handled_total grpc_server_handling_seconds tuneward_jobs
            tuneward_queue_oldest_seconds tuneward_task_seconds tuneward_lease_lost_total tuneward_train_tokens_total
            tuneward_train_tokens_per_second tuneward_train_loss tuneward_gpu_memory_bytes tuneward_audit_asr tuneward_release_total
            tuneward_policy_rows_mixed_total tuneward_db_pool_wait_seconds tuneward_blob_bytes"""
        self.assertEqual(set(promised.split()) - set(self.metrics), set())
        for name, metric in self.metrics.items():
            self.assertIn(metric.kind, ("gauge", "counter", "histogram"), name)
            self.assertTrue(metric.places <= {"server", "worker"}, name)
            self.assertEqual(metric.kind == "counter", name.endswith("_total"), name)
            self.assertEqual(metric.labels & {"job", "user", "file", "model", "project", "task"}, set(), name)

    def test_every_expression_names_what_exists(self):
        expressions = [*m.dashboard_expressions(), *((name, rule["expr"]) for name, rule in m.alerts().items())]
        self.assertGreater(len(expressions), 50)
        for where, expression in expressions:
            self.assertEqual(m.expression_problems(expression, self.metrics), [], f"{where}: {expression}")

    def test_every_metric_of_ours_is_on_the_dashboard(self):
        used = {m.family_of(name, self.metrics) for _, e in m.dashboard_expressions() for name in m.NAME.findall(e)}
        unused = {name for name in self.metrics if name.startswith("tuneward_")} - used
        self.assertEqual(unused, set())

    def test_finds_what_does_not_exist(self):
        for expression, problem in [
                ("tuneward_jbos", "no metric tuneward_jbos"), ('tuneward_jobs{stat="x"}', "tuneward_jobs has no label stat"),
                ("sum by (stat) (tuneward_jobs)", "no label stat"), ("1 + 1", "names no metric"),
                ("rate(tuneward_task_seconds[5m])", "tuneward_task_seconds is a histogram: name its _bucket, _sum or _count"),
                ("tuneward_jobs_bucket", "no metric tuneward_jobs_bucket")]:
            self.assertIn(problem, m.expression_problems(expression, self.metrics), expression)


class DashboardTest(unittest.TestCase):
    def test_form_is_what_grafana_provisions(self):
        source = (m.GRAFANA / "provisioning/datasources/tuneward.yml").read_text(encoding="utf-8")
        uid = re.search(r"uid: (\S+)", source)[1]
        self.assertTrue(m.dashboards())
        for name, dashboard in m.dashboards().items():
            self.assertTrue(dashboard["title"] and dashboard["uid"] and dashboard["schemaVersion"] >= 36, name)
            panels = list(m.panels_of(dashboard))
            self.assertEqual(len({p["id"] for p in panels}), len(panels), name)
            taken = set()
            for panel in panels:
                place = panel["gridPos"]
                self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
                cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
                self.assertEqual(cells & taken, set(), f"{panel['title']} lies on another panel")
                taken |= cells
                if panel["type"] == "row":
                    continue
                self.assertEqual(panel["datasource"], {"type": "prometheus", "uid": uid}, panel["title"])
                self.assertTrue(panel["targets"], panel["title"])
                self.assertEqual(len({t["refId"] for t in panel["targets"]}), len(panel["targets"]), panel["title"])


class AlertsTest(unittest.TestCase):
    def test_each_alert_has_a_runbook_and_a_case_that_fires(self):
        page = (m.ROOT / "docs/operations/alerts.md").read_text(encoding="utf-8")
        sections = {title.lower() for title in re.findall(r"^## (\w+)$", page, re.M)}
        cases = (m.PROMETHEUS / "alerts_test.yml").read_text(encoding="utf-8")
        fired = {name for name in re.findall(r"alertname: (\w+)\n\s+exp_alerts:", cases)}
        silent = {name for name in re.findall(r"\{eval_time: \w+, alertname: (\w+)\}", cases)}
        rules = m.alerts()
        self.assertGreaterEqual(len(rules), 13)
        for name, rule in rules.items():
            self.assertEqual(rule["runbook"], f"docs/operations/alerts.md#{name.lower()}")
            self.assertIn(name.lower(), sections)
            self.assertIn(rule["severity"], ("info", "warning", "critical"), name)
            self.assertIn(name, fired)
            self.assertIn(name, silent)
        self.assertEqual(sections, {name.lower() for name in rules})


class PromtoolTest(unittest.TestCase):
    def setUp(self):
        if shutil.which("promtool") is None:
            lacks(self, "prometheus", "promtool is not here: scripts/setup.sh installs it")

    def promtool(self, *args):
        run = subprocess.run(["promtool", *args], cwd=m.ROOT, capture_output=True, text=True, check=False)
        return run.returncode, run.stdout + run.stderr

    def test_configuration_and_rules_are_valid(self):
        rc, output = self.promtool("check", "config", "deploy/prometheus/prometheus.yml")
        self.assertEqual(rc, 0, output)
        rc, output = self.promtool("check", "rules", "deploy/prometheus/alerts.yml")
        self.assertEqual(rc, 0, output)
        self.assertIn(f"{len(m.alerts())} rules found", output)

    def test_rules_fire_when_they_should(self):
        rc, output = self.promtool("test", "rules", "deploy/prometheus/alerts_test.yml")
        self.assertEqual(rc, 0, output)

    def test_dashboard_expressions_are_promql(self):
        rules = [{"record": "dashboard:expression", "expr": e, "labels": {"n": str(i)}} for i, (_, e) in enumerate(m.dashboard_expressions())]
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)  # JSON is YAML
            file.flush()
            rc, output = self.promtool("check", "rules", file.name)
        self.assertEqual(rc, 0, output)


if __name__ == "__main__":
    main()
