"""Runs the tests of this folder and ends with the line that scripts/end2end reads.

    python -m runner            all of them, then docs/clients.md is compared with what they found
    python -m runner PATTERN…   those whose name holds one of the texts; the document is left alone

A test class with a `client` (the heading in the document) and `packages` (what is installed for it)
proves something about that client; its tests' names become the rows of the table.
"""

import importlib.metadata
import json
import os
import sys
import tempfile
import unittest

import clients_table

# Nothing leaves this machine: no prices of models, no statistics, no updates.
os.environ["HTTPS_PROXY"] = os.environ["https_proxy"] = "http://127.0.0.1:9"


class Result(unittest.TextTestResult):
    """Writes down which tests of clients passed."""

    record = None
    worked = 0

    def startTest(self, test):
        super().startTest(test)
        self.works = False

    def addSuccess(self, test):
        super().addSuccess(test)
        self.works = True
        self.worked += 1

    def stopTest(self, test):
        super().stopTest(test)
        if getattr(test, "client_name", None):
            versions = test.versions() if hasattr(test, "versions") else {
                name: importlib.metadata.version(name) for name in test.packages}
            what = test._testMethodName.removeprefix("test_").replace("_", " ")
            row = {"client": test.client_name, "versions": versions, "what": what,
                   "works": self.works}
            self.record.write(json.dumps(row) + "\n")


def main(patterns):
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{pattern}*" for pattern in patterns] or None
    suite = loader.discover(".", pattern="test_*.py")
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as record:
        Result.record = record
        result = unittest.TextTestRunner(verbosity=2, resultclass=Result).run(suite)
        record.flush()
        agrees = bool(patterns) or clients_table.check(record.name)
    # A test with several failures (`subTest`) is one; a class that could not be set up is one too.
    broken = [getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors]
    failed = len(set(broken)) + len(result.unexpectedSuccesses)
    passed = result.worked
    sys.stderr.flush()
    print(f"{passed} passed, {failed + (not agrees)} failed", flush=True)
    return 0 if agrees and passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
