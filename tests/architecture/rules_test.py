#!/usr/bin/env python3
"""The rules of layers.py, house.py and lists.py: the repository keeps them, and each finds what it is there for."""
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import house  # noqa: E402
import layers  # noqa: E402
import lists  # noqa: E402
from runner import main  # noqa: E402
from tree import Tree, includes, read_tree, without_comments_and_strings  # noqa: E402

REAL = read_tree()
HEADER = "// What it is for.\n#pragma once\n"


class RepositoryTest(unittest.TestCase):
    """One test a rule, over the files of this checkout."""

    def keeps(self, rule):
        problems = rule(REAL)
        self.assertFalse(problems, "\n  " + "\n  ".join(problems))

    def test_reads_the_tree(self):
        self.assertGreater(len(REAL.code()), 300)
        self.assertGreater(len(layers.cmake_targets(REAL)), 40)

    def test_includes_follow_the_layers(self):
        self.keeps(layers.include_problems)

    def test_libraries_stay_in_their_folders(self):
        self.keeps(layers.third_party_problems)

    def test_hidden_libraries_are_not_reached_through_headers(self):
        self.keeps(layers.hidden_problems)

    def test_links_follow_the_layers(self):
        self.keeps(layers.cmake_problems)

    def test_what_exists_is_in_its_list(self):
        self.keeps(lists.list_problems)

    def test_sizes(self):
        self.keeps(house.size_problems)

    def test_headers(self):
        self.keeps(house.header_problems)

    def test_words(self):
        self.keeps(house.word_problems)

    def test_randomness(self):
        self.keeps(house.random_problems)

    def test_sources_have_targets(self):
        self.keeps(house.source_problems)

    def test_links_of_the_documents(self):
        self.keeps(house.link_problems)


class LayersTest(unittest.TestCase):
    def finds(self, rule, files, *parts):
        problems = rule(Tree(files))
        self.assertEqual(len(problems), 1, problems)
        for part in parts:
            self.assertIn(part, problems[0])

    def passes(self, rule, files):
        self.assertEqual(rule(Tree(files)), [])

    def test_finds_a_wrong_direction(self):
        for path, header in [("core/base/a.cc", "core/data/b.h"), ("server/a.cc", "worker/b.h"), ("worker/tasks/a.cc", "server/b.h"),
                             ("client/cli/a.cc", "server/b.h"), ("core/store/pg/a.cc", "net/b.h"), ("worker/a.cc", "sandbox/tool/b.h"),
                             ("worker/engine/a.cc", "core/store/pg/b.h"), ("sandbox/world/a.cc", "worker/engine/b.h")]:
            self.finds(layers.include_problems, {path: f'#include "{header}"\n', header: HEADER}, f"{path}:1", header)
            self.passes(layers.include_problems, {"tests/a.cc": f'#include "{header}"\n', header: HEADER})

    def test_finds_a_folder_without_a_row(self):
        self.finds(layers.include_problems, {"tools/a.cc": ""}, "tools/a.cc", "no row")

    def test_finds_a_library_out_of_its_folder(self):
        for path, header in [("core/data/a.cc", "<ATen/ATen.h>"), ("worker/tasks/a.cc", "<torch/torch.h>"), ("server/a.cc", "<pqxx/pqxx>"),
                             ("core/store/a.cc", "<pqxx/pqxx>"), ("core/job/a.cc", "<grpcpp/grpcpp.h>"), ("core/job/a.cc", "<httplib.h>"),
                             ("core/text/tokenizer.cc", "<sentencepiece_processor.h>"), ("core/job/a.cc", '"tuneward/v1/files.pb.h"'),
                             ("core/data/a.cc", "<google/protobuf/message.h>"), ("net/a.cc", "<boost/asio.hpp>"), ("net/a.cc", '"net/gone.h"')]:
            self.finds(layers.third_party_problems, {path: f"\n#include {header}\n"}, f"{path}:2", header.strip('<>"'))

    def test_finds_a_library_behind_headers(self):
        chain = {"worker/engine/deep.h": "#include <ATen/ATen.h>\n", "worker/engine/wrap.h": '#include "worker/engine/deep.h"\n'}
        self.finds(layers.hidden_problems, chain | {"worker/tasks/a.cc": '#include "worker/engine/wrap.h"\n'}, "worker/tasks/a.cc", "torch")
        self.passes(layers.hidden_problems, chain | {"worker/engine/a.cc": '#include "worker/engine/wrap.h"\n'})
        self.finds(layers.hidden_problems, {"core/store/pg/i.h": "#include <pqxx/pqxx>\n", "server/a.cc": '#include "core/store/pg/i.h"\n'},
                   "server/a.cc", "libpqxx")

    def test_finds_a_link_against_the_layers(self):
        core = {"core/base/CMakeLists.txt": "tw_library(tw_base SOURCES a.cc DEPS tp::absl)\n"}
        worker = {"worker/engine/CMakeLists.txt": "tw_library(tw_engine\n  SOURCES b.cc  # why\n  DEPS tw_base)\ntw_torch(tw_engine)\n"}
        self.passes(layers.cmake_problems, core | worker)
        server = {"server/CMakeLists.txt": "tw_library(tw_server SOURCES c.cc DEPS tw_base tw_engine)\n"}
        self.finds(layers.cmake_problems, core | worker | server, "tw_server", "tw_engine")
        torch = {"server/CMakeLists.txt": "tw_library(tw_server SOURCES c.cc)\ntw_torch(tw_server)\n"}
        self.finds(layers.cmake_problems, torch, "tw_server", "tp::torch")
        grpc = {"core/job/CMakeLists.txt": "tw_library(tw_job SOURCES c.cc)\ntarget_link_libraries(tw_job PRIVATE tp::grpc)\n"}
        self.finds(layers.cmake_problems, grpc, "tw_job", "tp::grpc")


class ListsTest(unittest.TestCase):
    def problems_with(self, path, text):
        return lists.list_problems(Tree(REAL.texts | {path: text}))

    def test_finds_what_is_in_no_list(self):
        for path, base in [("core/policy/new_mix.h", "MixMethod"), ("worker/audits/new_audit.cc", "Audit"), ("sandbox/world/new_judge.h", "Judge"),
                           ("worker/engine/new_defence.cc", "Defence"), ("core/data/templates/new.cc", "ChatTemplate")]:
            problems = self.problems_with(path, f"class New final : public {base} {{\n")
            self.assertEqual(len(problems), 1, problems)
            self.assertIn(path, problems[0])

    def test_finds_a_command_that_is_not_called(self):
        path = "client/cli/new_command.cc"
        self.assertIn("AddNewCommand", self.problems_with(path, "void AddNewCommand(CLI::App& app, Context& context) {\n")[0])

    def test_finds_that_it_looks_in_the_wrong_place(self):
        gone = {p: t for p, t in REAL.texts.items() if not p.startswith("worker/audits/")}
        self.assertTrue(any("worker/audits/audits.cc" in p for p in lists.list_problems(Tree(gone))))


class HouseTest(unittest.TestCase):
    def finds(self, rule, path, text, part=""):
        problems = rule(Tree({path: text}))
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(part, problems[0])

    def passes(self, rule, path, text):
        self.assertEqual(rule(Tree({path: text})), [])

    def test_finds_large_files_and_long_sources(self):
        self.assertEqual(len(house.size_problems(Tree({"a.bin": None}, {"a.bin": house.MAX_FILE_BYTES + 1}))), 1)
        short = {f"core/a{i}.cc": "x\n" for i in range(100)}
        self.assertEqual(house.size_problems(Tree(short | {"core/b.cc": "x\n" * 350})), [])
        self.assertIn("401 lines", house.size_problems(Tree(short | {"core/b.cc": "x\n" * 401}))[0])
        long = {f"core/b{i}.cc": "x\n" * 301 for i in range(5)}
        self.assertIn("5 of 105", house.size_problems(Tree(short | long))[0])

    def test_finds_headers_without_comment_or_guard(self):
        self.passes(house.header_problems, "core/a.h", HEADER)
        self.finds(house.header_problems, "core/a.h", "#pragma once\n", "begins with a comment")
        self.finds(house.header_problems, "core/a.h", "// What.\n#include <map>\n", "#pragma once")

    def test_finds_words_and_machines(self):
        for text in ["// TO" + "DO: later", "# FIX" + "ME", "see /home/" + "someone/x", "at /wo" + "rk/main", "https://py" + "pi.org/simple",
                     "registry." + "npmjs.org", "--index" + "-url x", "deb.deb" + "ian.org"]:
            self.finds(house.word_problems, "docs/a.md", text)
        self.finds(house.word_problems, "core/a.cc", "// caf\u00e9", "ASCII")
        self.passes(house.word_problems, "docs/a.md", "a method, `~/.cache`, /etc/tuneward, XXXXXX, /tmp/tw-1")

    def test_finds_foreign_randomness(self):
        for code in ["std::uniform_int_distribution<int> d(0, 9);", "std::normal_distribution<> d;", "std::shuffle(a, b, g);", "std::mt19937 g;",
                     "int x = rand();", "int x = std::rand();", "auto t = torch::rand({2});", "auto t = at::randn({2});",
                     "torch::manual_seed(1);", "auto i = at::multinomial(p, 1);", "t.uniform_(0, 1);", "std::random_device d;", "at::dropout(x, 0.1, true);",
                     "std::unordered_map<int, int> m;"]:
            self.finds(house.random_problems, "core/a.cc", code, "core/a.cc:1")
        self.passes(house.random_problems, "core/a.cc", '// rand() is forbidden\nLog("std::shuffle"); int brand(int); stream.rand(); at::empty({2});')
        self.passes(house.random_problems, "tests/a.cc", "std::mt19937 g;")

    def test_finds_sources_without_a_target(self):
        lists_of = {"core/a/CMakeLists.txt": "tw_library(tw_a SOURCES a.cc ../b.cc sub/c.cc)"}
        good = {"core/a/a.cc": "", "core/b.cc": "", "core/a/sub/c.cc": ""}
        self.assertEqual(house.source_problems(Tree(lists_of | good)), [])
        self.assertIn("core/a/d.cc", house.source_problems(Tree(lists_of | good | {"core/a/d.cc": ""}))[0])

    def test_finds_broken_links(self):
        files = {"README.md": "# A b, c\n[x](docs/a.md#some-part) [y](docs) [z](#a-b-c) [w](https://x.example/y)\n```\n[n](no)\n```\n",
                 "docs/a.md": "## Some `part`\n[up](../README.md)\n"}
        self.assertEqual(house.link_problems(Tree(files)), [])
        self.assertIn("which is not there", house.link_problems(Tree(files | {"docs/b.md": "[x](gone.md)"}))[0])
        self.assertIn("no such heading", house.link_problems(Tree(files | {"docs/b.md": "[x](a.md#other)"}))[0])


class ReaderTest(unittest.TestCase):
    def test_reads_includes(self):
        text = '#include "a/b.h"\n  #  include <c.h>\n// #include "d.h"\n'
        self.assertEqual(list(includes(text)), [('"', "a/b.h", 1), ("<", "c.h", 2)])

    def test_takes_comments_and_literals_out(self):
        text = 'a; // b\n/* c\nd */ e("f \\" g", \'"\', 1\'000); R"(h\n")" i'
        left = without_comments_and_strings(text)
        for gone in "bcdfgh":
            self.assertNotIn(gone, left)
        for kept in ["a;", "e(", "1'000", " i"]:
            self.assertIn(kept, left)
        self.assertEqual(left.count("\n"), text.count("\n"))


if __name__ == "__main__":
    main()
