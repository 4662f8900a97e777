#!/usr/bin/env python3
"""Preference jobs through the real binaries: pairs of answers, held-out pairs, the default policy's mix, a model and its audit.

The task is one that a small model can learn: which queue a ticket belongs to, the right word against a wrong one. An untrained model
has a reward accuracy of 0 (its rewards are all 0), a guessing one of a half.
"""
import json
import os
import pathlib
import random
import statistics
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path[1:1] = [str(pathlib.Path(__file__).resolve().parents[2] / "support")]
from runner import lacks, main  # noqa: E402
from stack import BASE, Stack, missing_programs  # noqa: E402

PROGRAMS = os.environ.get("TUNEWARD_BIN", "")
SYSTEM = "you sort tickets ."
QUEUES = {
    "shipping": ["my parcel is late", "the parcel has not come", "where is my order", "the courier left it at the wrong door"],
    "billing": ["i was charged twice", "the invoice is wrong", "my card was refused", "please send me the receipt"],
    "returns": ["the shoes do not fit", "i want my money back", "the lamp came broken", "how do i send it back"],
}
TRAIN, HELD_OUT, FLOOR = 160, 60, 0.8


def answer(text):
    return [{"role": "assistant", "content": text}]


def preference(draw):
    right, wrong = draw.sample(sorted(QUEUES), 2)
    text = f"{draw.choice(['hello', 'hi there', 'good day'])} , {draw.choice(QUEUES[right])} , order {draw.randint(100, 999)} ."
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": f"ticket: {text}\nqueue:"}]
    return {"input": {"messages": messages}, "preferred_output": answer(right), "non_preferred_output": answer(wrong)}


def chat(row):
    return {"messages": row["input"]["messages"] + row["preferred_output"]}


class PreferenceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.missing = missing_programs(PROGRAMS)
        if cls.missing:
            return
        cls.stack = cls.enterClassContext(Stack(PROGRAMS, audit_prompts=20))
        work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        draw = random.Random(3)
        pairs, held_out = ([preference(draw) for _ in range(count)] for count in (TRAIN, HELD_OUT))
        cls.files = {}
        for name, rows in (("pairs", pairs), ("held-out", held_out), ("chats", [chat(row) for row in pairs]),
                           ("held-out-chats", [chat(row) for row in held_out])):
            path = work / f"{name}.jsonl"
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            cls.files[name] = cls.client("files", "upload", path)
        cls.dpo = cls.job("--file", cls.name("pairs"), "--validation-file", cls.name("held-out"), "--method", "dpo", "--beta", "0.2",
                          "--schedule", "linear", "--warmup-ratio", "0.1", "--epochs", "4", "--batch-size", "16")
        # Far too hot: it soon gets worse, and an earlier evaluation is the best.
        cls.stopped = cls.job("--file", cls.name("chats"), "--validation-file", cls.name("held-out-chats"), "--epochs", "20",
                              "--batch-size", "16", "--learning-rate-multiplier", "10", "--eval-every", "5", "--patience", "2")

    @classmethod
    def client(cls, *args):
        return cls.stack.client(*args, project="demo")

    @classmethod
    def name(cls, file):
        return cls.files[file]["name"]

    @classmethod
    def job(cls, *options):
        """The job at its end, whatever the gate said of its model."""
        job = cls.client("jobs", "create", "--base", BASE, "--seed", "11", *options)["name"]
        rc, text = cls.stack.cli("jobs", "watch", job, project="demo")
        assert rc == 0, text + cls.stack.log("worker")
        return cls.client("jobs", "get", job)

    def setUp(self):
        if self.missing:
            lacks(self, "e2e", f"not built in TUNEWARD_BIN={PROGRAMS!r}: {', '.join(self.missing)}")

    def metrics(self, job):
        rows = self.stack.query("select data from job_metrics where job_id = $1 order by step", job["name"].rpartition("/")[2])
        return [json.loads(data) for [data] in rows]

    def refusal(self, *options):
        rc, text = self.stack.cli("jobs", "create", "--base", BASE, *options, project="demo")
        self.assertEqual(rc, 2, text)
        error = json.loads(text)["error"]
        return error["reason"], [violation["field"] for violation in error["violations"]]

    def test_files_say_what_their_rows_are(self):
        self.assertEqual([self.files[name]["row_format"] for name in ("pairs", "chats")], ["ROW_FORMAT_PREFERENCE", "ROW_FORMAT_CHAT"])
        self.assertEqual(self.files["pairs"]["formats"][0]["system_prompt"], SYSTEM)

    def test_a_method_that_does_not_fit_its_files_is_refused(self):
        both = ["training_file", "validation_file"]
        self.assertEqual(self.refusal("--method", "dpo", "--file", self.name("chats"), "--validation-file", self.name("held-out-chats")),
                         ("INVALID_FIELD", both))
        self.assertEqual(self.refusal("--file", self.name("pairs"), "--validation-file", self.name("held-out")), ("INVALID_FIELD", both))
        self.assertEqual(self.refusal("--file", self.name("chats"), "--patience", "3"), ("INVALID_FIELD", ["hyperparameters.patience"]))

    def test_the_pairs_are_learnt_and_so_are_held_out_ones(self):
        steps = self.metrics(self.dpo)
        self.assertEqual(steps[0]["reward_accuracy"], 0)
        tenth = max(1, len(steps) // 10)
        self.assertGreater(statistics.mean(step["reward_accuracy"] for step in steps[-tenth:]), FLOOR)
        self.assertGreater(steps[-1]["eval_reward_accuracy"], FLOOR)
        self.assertLess(steps[-1]["eval_loss"], 0.6)  # ln 2 is that of the base
        self.assertEqual(self.dpo["method"], "TRAINING_METHOD_DPO")
        self.assertEqual((self.dpo["resolved"]["beta"], self.dpo["resolved"]["warmup_ratio"]), (0.2, 0.1))
        self.assertEqual(steps[0]["learning_rate"], 0)

    def test_clients_see_rewards_and_the_held_out_loss(self):
        events = [e for e in self.client("jobs", "events", self.dpo["name"])["events"] if e["type"] == "metrics"]
        last = events[-1]
        self.assertIn("reward accuracy=", last["message"])
        self.assertIn("validation loss=", last["message"])
        self.assertEqual(last["data"]["step"], last["data"]["total_steps"])
        self.assertEqual(last["data"]["eval_step"], last["data"]["total_steps"])
        self.assertGreater(last["data"]["reward_margin"], 0)

    def test_safety_rows_in_the_users_format_are_mixed_in_and_learnt(self):
        plan = json.loads(self.client("jobs", "plan", self.dpo["name"])["document"])
        self.assertEqual(plan["user_rows"], TRAIN)
        in_format = [row for row in plan["rows"] if row["recipe"] == "template"]
        self.assertTrue(in_format)
        for row in in_format:
            self.assertEqual(row["messages"][0], {"role": "system", "content": SYSTEM})
            self.assertIn("\nqueue:", row["messages"][1]["content"])
        losses = [step["mixed_loss"] for step in self.metrics(self.dpo) if "mixed_loss" in step]
        tenth = max(1, len(losses) // 10)
        self.assertLess(statistics.mean(losses[-tenth:]), 0.8 * statistics.mean(losses[:tenth]))
        [[data]] = self.stack.query("select data from job_events where job_id = $1 and type = 'message' and data ? 'mixed'",
                                    self.dpo["name"].rpartition("/")[2])
        self.assertEqual(json.loads(data)["user"]["rows"], TRAIN)
        self.assertEqual(json.loads(data)["mixed"]["rows"], len(plan["rows"]))

    def test_it_ends_with_an_audited_model(self):
        self.assertEqual(self.dpo["state"], "JOB_STATE_SUCCEEDED")
        model = self.client("models", "get", self.dpo["tuned_model"])
        self.assertIn(model["release"], ("RELEASE_RELEASED", "RELEASE_HELD", "RELEASE_BLOCKED"))
        report = json.loads(self.client("jobs", "audit", self.dpo["name"])["document"])
        wrappers = {(cell["audit"], cell["wrapper"]) for cell in report["cells"]}
        self.assertTrue({("harmful_instructions", "raw"), ("harmful_instructions", "in_format"), ("over_refusal", "raw")} <= wrappers)
        self.assertIn("validation", {reading["set"] for reading in report["readings"]})

    def test_patience_keeps_the_best_evaluation(self):
        steps = self.metrics(self.stopped)
        seen = [(step["eval_loss"], step["eval_step"]) for step in steps if "eval_loss" in step]
        self.assertLess(len(steps), steps[0]["total_steps"])
        [event] = [e for e in self.client("jobs", "events", self.stopped["name"])["events"] if e.get("data", {}).get("stopped_early")]
        self.assertEqual(event["data"]["best_step"], min(seen)[1])
        self.assertEqual(event["data"]["steps"], len(steps))
        self.assertIn("Stopped early", event["message"])
        self.assertEqual(self.stopped["state"], "JOB_STATE_SUCCEEDED")


if __name__ == "__main__":
    main()
