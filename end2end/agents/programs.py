"""Starting an agent program: a home and a folder of its own, our address and key, and no network."""

import os
import subprocess
import tempfile
from pathlib import Path

from harness import GatewayTestCase

HERE = Path(__file__).resolve().parent
LIMIT_SECS = 180
# What is not on this machine cannot be reached: prices of models, news, plug-ins, statistics.
NOWHERE = "http://127.0.0.1:9"


class ProgramTestCase(GatewayTestCase):
    """`self.work` is a git repository with one commit."""

    @staticmethod
    def connect(gateway):
        return gateway.url

    def setUp(self):
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.home, self.work = Path(folder.name) / "home", Path(folder.name) / "work"
        self.home.mkdir()
        self.work.mkdir()
        (self.home / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.com\n")
        (self.work / "hello.py").write_text('def greet():\n    return "hello"\n')
        self.git("init", "--quiet")
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", "First")

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8",
                "TERM": "dumb", "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE,
                "NO_PROXY": "127.0.0.1,localhost", **more}

    def run_program(self, arguments, stdin="", **environment):
        run = subprocess.run([str(one) for one in arguments], cwd=self.work, input=stdin,
                             env=self.environment(**environment), text=True, timeout=LIMIT_SECS,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(run.returncode, 0, run.stdout)
        return run.stdout

    def git(self, *arguments):
        return self.run_program(["git", *arguments])

    def read(self, name):
        return (self.work / name).read_text()
