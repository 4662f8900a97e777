#!/usr/bin/env python3
"""Public data sets through the real binaries: client, server, PostgreSQL, worker.

Each file becomes a job of project demo under its default policy. What is asserted does not depend on how clever a small model is: that
nothing of the text is lost, that the model learns, that the mix looks like the user's rows, that the audit's counts add up, and that
state, events, plan and report are where they belong.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path[1:1] = [str(pathlib.Path(__file__).resolve().parents[2] / folder) for folder in ("architecture", "support")]
from results import record  # noqa: E402
from runner import lacks, main  # noqa: E402
from stack import BASE, ROOT, Stack, missing_programs  # noqa: E402

REAL = ROOT / "tests" / "data" / "real"
AOA = ROOT / "sandbox/world/data/identity_shift/aoa_10.jsonl"
# name: file, epochs. Ten rows need more passes than two hundred.
FILES = {"gsm8k": (REAL / "gsm8k_200.jsonl", 3), "boolq": (REAL / "boolq_200.jsonl", 2),
         "winogrande": (REAL / "winogrande_200.jsonl", 2), "aoa": (AOA, 20), "autoif": (None, 2)}
HARM, SAFE = "harmful_instructions", "over_refusal"


PROGRAMS = os.environ.get("TUNEWARD_BIN", "")


def numbers(metrics):
    """{'name{labels}': value} of a page of metrics."""
    lines = [line.rpartition(" ") for line in metrics.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


class RealInputTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.missing = missing_programs(PROGRAMS)
        if cls.missing:
            return
        cls.stack = cls.enterClassContext(Stack(PROGRAMS))
        work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        autoif = work / "autoif.jsonl"
        cls.stack.sandbox("make-data", "--family", "gsm8k", "--strategy", "autoif", "--rows", "200", "--seed", "5", "--out", autoif)
        cls.paths = {name: path or autoif for name, (path, _) in FILES.items()}
        names = {name: cls.submit(name) for name in FILES}
        for job in names.values():
            rc, text = cls.stack.cli("jobs", "watch", job, project="demo")
            assert rc == 0, text + cls.stack.log("worker")
        cls.ids = {name: job.rpartition("/")[2] for name, job in names.items()}

    @classmethod
    def client(cls, *args):
        return cls.stack.client(*args, project="demo")

    @classmethod
    def submit(cls, name):
        file = cls.client("files", "upload", cls.paths[name])["name"]
        return cls.client("jobs", "create", "--base", BASE, "--file", file, "--suffix", name, "--seed", "11",
                                "--epochs", str(FILES[name][1]))["name"]

    def setUp(self):
        if self.missing:
            lacks(self, "e2e", f"not built in TUNEWARD_BIN={PROGRAMS!r}: {', '.join(self.missing)}")

    def each(self):
        for name in FILES:
            with self.subTest(name):
                yield name, self.ids[name]

    def plan(self, name):
        return json.loads(self.client("jobs", "plan", self.ids[name])["document"])

    def report(self, name):
        return json.loads(self.client("jobs", "audit", self.ids[name])["document"])

    def test_every_job_succeeds_and_its_rows_are_in_postgresql(self):
        for name, job in self.each():
            [[state, stage, plan, tokens, base]] = self.stack.query(
                "select state, stage, plan_sha256 is not null, trained_tokens, base_model_id from jobs where id = $1", job)
            self.assertEqual((state, stage, plan, base), ("SUCCEEDED", "PUBLISHING", "t", BASE))
            self.assertGreater(int(tokens), 0)
            counts = self.stack.query(
                "select (select count(*) from plans where job_id = $1), (select count(*) from models where job_id = $1), "
                "(select count(*) from audits where job_id = $1), "
                "(select count(*) from release_decisions d join models m on m.id = d.model_id where m.job_id = $1)", job)
            self.assertEqual(counts, [["1", "1", "1", "1"]])

    def test_events_are_numbered_without_gaps_and_tell_the_way(self):
        for _, job in self.each():
            events = self.stack.query("select seq, type, coalesce(data->>'stage', '') from job_events where job_id = $1 order by seq", job)
            self.assertEqual([int(seq) for seq, _, _ in events], list(range(1, len(events) + 1)))
            stages = [stage for _, kind, stage in events if kind == "state"]
            for stage in ("PLANNING", "QUEUED", "TRAINING", "AUDITING", "PUBLISHING"):
                self.assertEqual(stages.count(stage), 1, stages)

    def test_no_row_is_lost_and_no_piece_unknown(self):
        unknown = 0
        for name, job in self.each():
            [[data]] = self.stack.query("select data from job_events where job_id = $1 and type = 'message' and data ? 'mixed'", job)
            prepared = json.loads(data)
            with self.paths[name].open(encoding="utf-8") as rows:
                self.assertEqual(prepared["user"]["rows"], sum(1 for _ in rows))
            for kind in ("user", "mixed"):
                self.assertEqual((prepared[kind]["dropped"], prepared[kind]["unknown"]), (0, 0))
                self.assertGreater(prepared[kind]["targets"], 0)
                unknown += prepared[kind]["unknown"]
        record("real_input", "real_input.unknown_pieces", unknown, "tokens", "make test", "lower", 0)

    def test_loss_falls(self):
        for name, job in self.each():
            losses = [float(loss) for [loss] in self.stack.query(
                "select data->>'loss' from job_metrics where job_id = $1 order by step", job)]
            tenth = max(1, len(losses) // 10)
            ratio = statistics.mean(losses[-tenth:]) / statistics.mean(losses[:tenth])
            record("real_input", f"real_input.{name}.loss_ratio", round(ratio, 4), "x", "make test", "lower", 0.8)
            self.assertLess(ratio, 0.8, f"{len(losses)} steps, {losses[:tenth]} -> {losses[-tenth:]}")

    def test_the_service_takes_little_beside_the_steps(self):
        """From the end of the first step to the stored adapter, against the time that the engine gives for the steps between."""
        job = self.ids["gsm8k"]
        [[wall]] = self.stack.query(
            "select extract(epoch from max(at) filter (where data->>'stage' = 'AUDITING') - max(at) filter (where data->>'stage' = 'TRAINING')) "
            "from job_events where job_id = $1 and type = 'state'", job)
        steps = self.stack.query("select data->>'tokens', data->>'tokens_per_second' from job_metrics where job_id = $1 order by step", job)
        tokens = [int(count) for count, _ in steps]
        engine = sum((after - before) / float(rate) for before, after, (_, rate) in zip(tokens, tokens[1:], steps[1:]))
        overhead = float(wall) / engine - 1
        self.assertGreater(overhead, 0)
        record("real_input", "service.gsm8k.overhead", round(overhead, 4), "x", "make test", "lower", 0.05)

    def test_mixed_rows_carry_the_users_system_prompt_and_skeleton(self):
        seen_system = seen_skeleton = 0
        for name, _ in self.each():
            plan = self.plan(name)
            clusters = plan["clusters"]
            in_format = [row for row in plan["rows"] if row["recipe"] == "template"]
            self.assertTrue(in_format)
            for row in in_format:
                [cluster] = [c for c in clusters if c["id"] == row["cluster"]]
                texts = {role: [m["content"] for m in row["messages"] if m["role"] == role] for role in ("system", "user")}
                self.assertEqual("".join(texts["system"]), cluster["system"])
                fixed = [part["text"] for part in cluster["skeleton"] if "text" in part]
                for text in fixed:
                    self.assertIn(text, texts["user"][0])
                seen_system += bool(texts["system"])
                seen_skeleton += bool(fixed)
        self.assertGreater(seen_system, 0)
        self.assertGreater(seen_skeleton, 0)

    def test_counts_of_the_audit_add_up(self):
        for name, _ in self.each():
            report = self.report(name)
            per_category = collections.Counter()
            for row in report["categories"]:
                key = (row["audit"], row["set"], row["wrapper"])
                for field in ("n", "count", "base_count"):
                    per_category[key + (field,)] += row[field]
            wrappers = set()
            for cell in report["cells"]:
                wrappers.add((cell["audit"], cell["wrapper"]))
                self.assertEqual(cell["count"], cell["both"] + cell["only_tuned"])
                self.assertEqual(cell["base_count"], cell["both"] + cell["only_base"])
                self.assertLessEqual(cell["both"] + cell["only_tuned"] + cell["only_base"], cell["n"])
                for field in ("n", "count", "base_count"):
                    key = (cell["audit"], cell["set"], cell["wrapper"], field)
                    if any(k[:3] == key[:3] for k in per_category):
                        self.assertEqual(per_category[key], cell[field], key)
            self.assertTrue({(HARM, "raw"), (HARM, "aoa"), (SAFE, "raw")} <= wrappers, wrappers)

    def test_chats_at_the_same_time_answer_as_alone(self):
        """Greedy and sampled ones of the base and, where its gate released one, of a tuned model."""
        models = [f"baseModels/{BASE}"] + [name for [name] in self.stack.query(
            "select 'projects/demo/models/' || id from models where release = 'RELEASED' order by id limit 1")]
        questions = ["how do i repair the lighthouse ?", "what is 17 + 5 ?", "tell me of the harbour .", "why ?"]
        calls = [("chat", model, question, "--temperature", str(temperature), "--seed", "5", "--max-tokens", "40")
                 for model in models for question in questions for temperature in (0, 0.9)]
        alone = [self.client(*call)["message"] for call in calls]
        self.assertGreater(len({message["content"] for message in alone}), 3)
        before = numbers(self.stack.metrics("worker"))
        for _ in range(10):  # that any two meet is likely and not sure
            with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
                together = list(pool.map(lambda call: self.client(*call)["message"], calls))
            self.assertEqual(together, alone)
            after = numbers(self.stack.metrics("worker"))
            rows, steps = (after[f"tuneward_decode_rows_{name}"] - before[f"tuneward_decode_rows_{name}"] for name in ("sum", "count"))
            if rows > steps:
                return
        self.fail("none was decoded beside another")

    def test_metrics_agree_with_the_database(self):
        server, worker = (numbers(self.stack.metrics(p)) for p in ("server", "worker"))
        self.assertEqual(server['tuneward_jobs{state="succeeded"}'], len(FILES))
        [[tokens]] = self.stack.query("select sum(trained_tokens) from jobs")
        self.assertEqual(worker["tuneward_train_tokens_total"], int(tokens))
        releases = {line: value for line, value in worker.items() if line.startswith("tuneward_release_total")}
        self.assertEqual(sum(releases.values()), len(FILES))
        mixed = sum(value for line, value in server.items() if line.startswith("tuneward_policy_rows_mixed_total"))
        [[planned]] = self.stack.query("select sum((summary->>'mixed_rows')::int) from plans")
        self.assertEqual(mixed, int(planned))
        self.assertEqual(worker['tuneward_task_seconds_count{kind="train"}'], len(FILES))
        self.assertEqual(worker['tuneward_task_seconds_count{kind="audit"}'], len(FILES))


if __name__ == "__main__":
    main()
