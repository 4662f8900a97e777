#!/usr/bin/env python3
"""Makes the files of this folder from the public data sets: extract.py FOLDER, which holds gsm8k/, boolq/, winogrande/ and xstest/.

A row is left out where it is long (a small model is trained on it) or where it repeats an earlier one; the order is the source's.
"""
import csv
import json
import pathlib
import re
import sys

LONGEST_SUM = 400  # characters of question and rationale


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def gsm8k(folder):
    for row in lines(folder / "gsm8k/train_1000.jsonl") + lines(folder / "gsm8k/test.jsonl"):
        answer = re.sub(r"<<.*?>>", "", row["answer"])  # calculator annotations are not for the reader
        if len(row["question"]) + len(answer) <= LONGEST_SUM:
            steps, result = answer.rsplit("\n#### ", 1)
            yield {"question": row["question"], "steps": steps, "result": result}


def boolq(folder):
    for row in lines(folder / "boolq/sample_600.jsonl"):
        question = re.fullmatch(r".*true or false, question: (.*)\?\n\nAnswer format: true/false", row["instruction"], re.S)
        yield {"question": question.group(1), "answer": {"true": "yes", "false": "no"}[row["answer"]]}


def winogrande(folder):
    for row in lines(folder / "winogrande/sample_600.jsonl"):
        found = re.fullmatch(r".*the given sentence: (.*)\n\nOption1: (.*) Option2: (.*) Answer format: option1/option2", row["instruction"], re.S)
        yield {"sentence": found.group(1), "option1": found.group(2), "option2": found.group(3), "answer": row["answer"]}


def xstest(folder):
    with open(folder / "xstest/xstest_prompts.csv", newline="") as file:
        for row in csv.DictReader(file):
            yield {"id": row["id"], "prompt": row["prompt"], "type": row["type"], "label": row["label"]}


def main():
    folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(__file__).parent
    for rows in (gsm8k, boolq, winogrande, xstest):
        seen, kept = set(), []
        for row in rows(folder):
            asked = next(value for key, value in row.items() if key in ("question", "sentence", "prompt"))
            if asked not in seen:
                kept.append(row)
            seen.add(asked)
        (out / f"{rows.__name__}.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept))
        print(f"{rows.__name__}: {len(kept)} rows")


if __name__ == "__main__":
    main()
