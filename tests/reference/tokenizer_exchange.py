"""Random strings and what the `tokenizers` package makes of them, for tests/unit/core/text/hf_tokenizer_test.cc.

  tokenizer_exchange.py SEED COUNT FILE

Writes cases in the form of tokenizer/cases.json with the tokenizers that lie there.
"""
import json
import random
import sys

from tokenizer_reference import PATTERNS, answers, load
from tokenizer_text import wild


def main():
    seed, count, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    rng = random.Random(seed)
    texts = [wild(rng) for _ in range(count)]
    cases = {"texts": texts} | {name: answers(load(name), texts) for name in PATTERNS}
    with open(out, "w", encoding="utf-8") as file:
        json.dump(cases, file, ensure_ascii=False)


if __name__ == "__main__":
    main()
