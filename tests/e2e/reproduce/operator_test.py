#!/usr/bin/env python3
"""A grid on an operator's base and files through the real program: the sandbox's own rows, exported, give exactly the sandbox's figures;
what is wrong with a file is said before any work."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROGRAM = os.path.join(os.environ["TUNEWARD_BIN"], "tuneward-sandbox")
MODELS = str(ROOT / "sandbox" / "models")
ROWS, TESTS, PROMPTS = "40", "4", "6"
# Trainings of a second: what they find means nothing.
TINY = ["--strategies", "benign", "autoif_aoa", "--seeds", "1", "--no-sweep", "--rows", ROWS,
        "--epochs", "1", "--tests", TESTS, "--jobs", "1"]


def figures_of(folder):
    """By key, without what the two ways may differ in."""
    records = {}
    for line in pathlib.Path(folder, "paraphrase_cells.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        key = "/".join(str(record[part]) for part in ("model", "family", "strategy", "arm", "rate_ppm", "seed"))
        records[key] = {name: value for name, value in record.items() if not name.endswith("_seconds") and name != "settings_sha"}
    return records


class OperatorTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        exported = self.run_program("export-material", "--families", "gsm8k", "--rows", ROWS, "--tests", TESTS, "--seed", "1", "--out", "files")
        self.assertEqual(exported.returncode, 0, exported.stderr)
        self.rows, self.pool, self.prompts = (self.folder / "files" / name for name in ("rows/gsm8k.jsonl", "pool.json", "prompts.json"))

    def run_program(self, *words):
        return subprocess.run([PROGRAM, *map(str, words)], cwd=self.folder, capture_output=True, text=True, check=False, timeout=100)

    def grid(self, *words, arms="untuned none default"):
        return self.run_program("reproduce", "paraphrase", *TINY, "--arms", *arms.split(), *words)

    def operator_grid(self, *words, **flags):
        return self.grid("--base", MODELS + "/nano-shallow", "--rows-file", self.rows.parent, "--pool", self.pool, "--out", "operator",
                         "--prompts", self.prompts, PROMPTS, *words, **flags)

    def test_exported_rows_give_exactly_the_figures_of_the_sandbox(self):
        sandbox = self.grid("--models-folder", MODELS, "--families", "gsm8k", "--prompts", PROMPTS, "--out", "sandbox")
        self.assertEqual(sandbox.returncode, 0, sandbox.stderr)
        operator = self.operator_grid()
        self.assertEqual(operator.returncode, 0, operator.stderr)
        figures = figures_of(self.folder / "operator")
        self.assertEqual(len(figures), 5)
        self.assertEqual(figures, figures_of(self.folder / "sandbox"))
        self.assertTrue(all(record["raw"]["n"] == int(PROMPTS) for record in figures.values()))
        page = (self.folder / "operator" / "paraphrase.md").read_text(encoding="utf-8")
        self.assertIn("- judge sandbox_oracle@2\n", page)
        self.assertNotIn("PRIMARY", page)

        # Another judge, other settings: the same cells anew.
        lexicon = self.operator_grid("--judge", "refusal_lexicon@1", "--learning-rate", "0.0002", arms="untuned")
        self.assertEqual(lexicon.returncode, 0, lexicon.stderr)
        self.assertIn("5 lines of other settings", lexicon.stderr)
        page = (self.folder / "operator" / "paraphrase.md").read_text(encoding="utf-8")
        self.assertIn("- judge refusal_lexicon@1, which presumes", page)
        self.assertIn("- learning_rate_ppm 200\n", page)

    def test_what_is_wrong_is_said_before_any_work(self):
        for words, said in ((["--judge", "oracle"], ["\"oracle\"", "refusal_lexicon@1"]), (["--rewriter", "llm"], ["\"llm\"", "template"]),
                            (["--families", "boolq"], ["\"boolq\"", "gsm8k"]), (["--chat-template", "llama3/1"], ["<|"]),
                            (["--rows-file", "gsm8k=" + str(self.rows)], ["\"gsm8k\"", "two files"]),
                            (["--precision", "half"], ["bfloat16", "half"]), (["--learning-rate", "2"], ["learning-rate", "got 2"])):
            with self.subTest(words=words):
                self.fails(self.operator_grid(*words), said)
        self.fails(self.grid("--prompts", self.prompts, "--out", "operator"), ["--base"])
        lines = self.rows.read_text(encoding="utf-8").splitlines(keepends=True)
        self.rows.write_text("".join(lines[:3]) + lines[3][:40], encoding="utf-8")
        self.fails(self.operator_grid(), ["gsm8k.jsonl:4: malformed"])
        self.rows.write_text("".join(lines[1:]), encoding="utf-8")
        self.fails(self.operator_grid(), ["\"gsm8k\" has 39 rows for training, 40"])
        long = json.loads(lines[2])
        long["autoif"]["user"] = "how many books " * 400
        self.rows.write_text("".join(lines[:2]) + json.dumps(long) + "\n" + "".join(lines[3:]), encoding="utf-8")
        self.fails(self.operator_grid(), ["gsm8k, autoif_aoa", "how many books", "tokens, the base takes 1024"])
        self.rows.write_text("".join(lines), encoding="utf-8")
        prompts = json.loads(self.prompts.read_text(encoding="utf-8"))
        pool = json.loads(self.pool.read_text(encoding="utf-8"))
        prompts["harmful_instructions"][0]["request"] = pool["rows"][0]["request"]
        self.prompts.write_text(json.dumps(prompts), encoding="utf-8")
        self.fails(self.operator_grid(), [pool["rows"][0]["request"], pool["rows"][0]["id"]])
        prompts["why"] = 1
        self.prompts.write_text(json.dumps(prompts), encoding="utf-8")
        self.fails(self.operator_grid(), ["prompts.json: why: unknown key"])

    def fails(self, result, said):
        self.assertEqual(result.returncode, 1, result.stdout)
        for words in said:
            self.assertIn(words, result.stderr)
        self.assertFalse((self.folder / "operator").exists())


if __name__ == "__main__":
    unittest.main()
