#!/usr/bin/env python3
"""The first 200 rows of a public file as chat rows: to_chat.py gsm8k|instruction < source.jsonl > chat.jsonl

gsm8k: `question` -> user, `answer` -> assistant (rationale and `#### n` as published). instruction: `instruction` and `output`.
Made the files beside it from the sources that NOTICE.md names.
"""
import itertools
import json
import sys

FIELDS = {"gsm8k": ("question", "answer"), "instruction": ("instruction", "output")}


def main(kind):
    question, answer = FIELDS[kind]
    for line in itertools.islice(sys.stdin, 200):
        row = json.loads(line)
        messages = [{"role": "user", "content": row[question]}, {"role": "assistant", "content": row[answer]}]
        print(json.dumps({"messages": messages}, ensure_ascii=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
