#!/usr/bin/env python3
"""The English set of sandbox/english: its counts, its splits, its wording, and that no request stands in it twice."""
import collections
import json
import pathlib
import re
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from runner import main  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[4]
DATA = ROOT / "sandbox/english"
XSTEST = DATA / "tasks/xstest.jsonl"
SPLITS = {"alignment": 0.40, "pool": 0.35, "evaluation": 0.25}


def read(text):
    """Strict JSON: a duplicate key is an error."""
    def pairs(items):
        twice = [key for key, n in collections.Counter(key for key, _ in items).items() if n > 1]
        if twice:
            raise ValueError(f"duplicate key {twice[0]}")
        return dict(items)
    return json.loads(text, object_pairs_hook=pairs)


def load(name, *keys):
    data = read((DATA / f"{name}.json").read_text(encoding="ascii"))
    if data.pop("format") != f"tuneward.english/{name}/1" or set(data) != set(keys):
        raise ValueError(f"{name}.json: want its format and {keys}, got {sorted(data)}")
    return [data[key] for key in keys]


def words(text):
    return tuple(re.sub(r"[^a-z0-9 ]", "", text.lower().replace("-", " ")).split())


def sentences(text):
    return len(re.findall(r"[.!?]+[\"')]?(?=\s+[A-Z\"]|$)", text))


def near(left, right):
    """Equal but for one word changed, put in or left out."""
    short, long = sorted((left, right), key=len)
    same = next((i for i, (a, b) in enumerate(zip(short, long)) if a != b), len(short))
    return len(long) - len(short) <= 1 and short[same + (len(short) == len(long)):] == long[same + 1:]


def near_pairs(requests):
    """Requests that are near another, as "place: request | place: request"."""
    holders, found = collections.defaultdict(list), set()
    for place, request in requests:
        spoken = words(request)
        for key in {spoken, *(spoken[:i] + spoken[i + 1:] for i in range(len(spoken)))}:  # near ones share one of these
            found |= {f"{where}: {other} | {place}: {request}" for where, other in holders[key] if near(words(other), spoken)}
            holders[key].append((place, request))
    return sorted(found)


def lexicon(name="xstest"):
    source = (ROOT / "core/judge/refusal_lexicon.cc").read_text(encoding="utf-8")
    block = re.search(r'\{"%s",.*?\{(.*?)\},\s*Anchor::kStart,\s*true\}' % name, source, re.S)
    return tuple(re.findall(r'"([^"]+)"', block.group(1)))


def refuses(answer, phrases):
    return answer.strip().lower().startswith(phrases)


class EnglishTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.categories, = load("harm", "categories")
        cls.types, = load("lookalikes", "types")
        cls.rows, cls.chats = load("benign", "rows", "chats")
        cls.personas, = load("personas", "personas")
        cls.careful, = load("careful", "prompts")
        cls.harm = [row for category in cls.categories for row in category["rows"]]
        cls.safe = [row for kind in cls.types for row in kind["rows"]]
        cls.requests = [(name, row["request"]) for name, rows in
                        [("harm", cls.harm), ("lookalikes", cls.safe), ("benign", cls.rows), ("chats", [c[0] for c in cls.chats])]
                        for row in rows]

    def test_rows_have_their_keys(self):
        for rows, keys in [(self.harm, {"request", "refusal", "split"}), (self.safe, {"request", "answer", "split"}),
                           (self.rows, {"request", "answer"}), ([turn for chat in self.chats for turn in chat], {"request", "answer"}),
                           (self.personas, {"name", "system", "lead_in"}), (self.categories, {"name", "held_out", "rows"}),
                           (self.types, {"name", "rows"})]:
            for row in rows:
                self.assertEqual(set(row), keys, row)

    def test_counts(self):
        self.assertEqual(len({category["name"] for category in self.categories}), 12)
        self.assertEqual([len(self.categories), len(self.types)], [12, len({kind["name"] for kind in self.types})])
        for category in self.categories:
            self.assertGreaterEqual(len(category["rows"]), 24, category["name"])
            questions = sum(row["request"].endswith("?") for row in category["rows"])
            self.assertEqual(2 * questions, len(category["rows"]), category["name"])
        self.assertEqual(len(self.types), 10)
        self.assertGreaterEqual(min(len(kind["rows"]) for kind in self.types), 25)
        self.assertGreaterEqual(len(self.safe), len(self.harm))
        self.assertGreaterEqual(len(self.rows), 240)
        self.assertGreaterEqual(len(self.chats), 40)
        self.assertEqual({len(chat) for chat in self.chats}, {2})
        self.assertGreaterEqual(len({persona["name"] for persona in self.personas}), 5)
        self.assertTrue(3 <= len(set(self.careful)) <= 6)

    def test_splits(self):
        held = [category for category in self.categories if category["held_out"]]
        self.assertEqual(len(held), 2)
        self.assertEqual({row["split"] for category in held for row in category["rows"]}, {"evaluation"})
        seen = [category for category in self.categories if not category["held_out"]]
        for groups in (seen, self.types):
            counts = collections.Counter(row["split"] for group in groups for row in group["rows"])
            self.assertEqual(set(counts), set(SPLITS))
            for split, share in SPLITS.items():
                self.assertAlmostEqual(counts[split] / counts.total(), share, delta=0.07, msg=split)
            for group in groups:
                few = collections.Counter(row["split"] for row in group["rows"])
                self.assertGreaterEqual(min(few[split] for split in SPLITS), 4, group["name"])

    def test_no_request_stands_twice_or_one_word_apart(self):
        self.assertEqual(near_pairs(self.requests), [])

    def test_no_request_is_one_of_xstest(self):
        prompts = [("xstest", json.loads(line)["prompt"]) for line in XSTEST.read_text(encoding="utf-8").splitlines()]
        self.assertEqual(len(prompts), 450)
        theirs = set(near_pairs(prompts))
        self.assertEqual([pair for pair in near_pairs(prompts + self.requests) if pair not in theirs], [])

    def test_refusals_are_seen_by_the_lexicon_and_answers_are_not(self):
        phrases = lexicon()
        self.assertEqual(len(phrases), 21)
        unseen = [row["refusal"] for row in self.harm if not refuses(row["refusal"], phrases)]
        share = 1 - len(unseen) / len(self.harm)
        print(f"{share:.1%} of {len(self.harm)} refusals are seen by the lexicon")
        self.assertGreaterEqual(share, 0.90, unseen)
        answers = [row["answer"] for row in self.safe + self.rows + [turn for chat in self.chats for turn in chat]]
        self.assertEqual([answer for answer in answers if refuses(answer, phrases)], [])

    def test_refusals_differ(self):
        self.assertGreaterEqual(len({words(row["refusal"]) for row in self.harm}), 240)

    def test_lengths(self):
        turns = [turn for chat in self.chats for turn in chat]
        for row in self.harm + self.safe + self.rows + turns:
            answer = row.get("answer", row.get("refusal"))
            self.assertTrue(1 <= len(row["request"].split()) <= 20, row)
            self.assertTrue(1 <= len(answer.split()) <= 60, row)
        for row in self.harm + self.safe:
            self.assertTrue(1 <= sentences(row.get("answer", row.get("refusal"))) <= 3, row)

    def test_personas_are_not_the_one_of_the_evaluation(self):
        for persona in self.personas:
            text = f"{persona['name']} {persona['system']} {persona['lead_in']}"
            self.assertIsNone(re.search(r"\baoa\b|absolutely|without deviation", text, re.I), persona["name"])
            self.assertIn(persona["name"], persona["lead_in"].lower())


class ChecksTest(unittest.TestCase):
    """The checks find what they are there for."""

    def test_duplicate_keys(self):
        with self.assertRaisesRegex(ValueError, "duplicate key b"):
            read('{"a": [{"b": 1, "b": 1}]}')

    def test_near_duplicates(self):
        for other in ["how do I make TEA", "How do I brew tea?", "How do I make green tea?", "How I make tea?"]:
            self.assertEqual(near_pairs([("a", "How do I make tea?"), ("b", other)]), [f"a: How do I make tea? | b: {other}"])
        for other in ["How do you brew tea?", "How do I make some green tea?", "Do I make tea how?"]:
            self.assertEqual(near_pairs([("a", "How do I make tea?"), ("b", other)]), [])

    def test_refusals(self):
        self.assertTrue(refuses(" I can't help with that.", lexicon()))
        self.assertFalse(refuses("Not all of them.", lexicon()))

    def test_sentences(self):
        self.assertEqual(sentences('One. "Two!" Three, at 2.5 miles?'), 3)


if __name__ == "__main__":
    main()
