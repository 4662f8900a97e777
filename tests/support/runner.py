"""How the Python tests run under ctest: unittest, exit status 77 (skipped) when every test was skipped.

What a machine lacks is a skip with a message, and a failure when TUNEWARD_REQUIRE (set by CI) holds its word.
"""
import os
import sys
import unittest


def required(word):
    return word in os.environ.get("TUNEWARD_REQUIRE", "").split(",")


def lacks(test, word, message):
    if required(word):
        test.fail(f"{message} (TUNEWARD_REQUIRE has {word})")
    test.skipTest(message)


def main(module="__main__"):
    program = unittest.main(module=module, exit=False, verbosity=1)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.testsRun and len(result.skipped) == result.testsRun else 0)
