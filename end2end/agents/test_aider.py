"""aider: it writes edits as blocks of text, which must come through to the letter, and commits them."""

import subprocess
import unittest

from harness import API_KEY
from programs import HERE, ProgramTestCase

AIDER = HERE / "aider/.venv/bin/aider"
# What a user says who wants no questions and no news.
OPTIONS = ["--model", "openai/grok-3", "--yes-always", "--no-check-update", "--analytics-disable",
           "--no-show-release-notes", "--no-show-model-warnings", "--no-pretty", "--no-gitignore"]
WHOLE = '''Here it is.

hello.py
```python
def greet(name):
    return f"hello <{name}>"
```
'''
DIFF = '''I change one line.

hello.py
```python
<<<<<<< SEARCH
    return "hello"
=======
    return "good morning"
>>>>>>> REPLACE
```
'''


class AiderTest(ProgramTestCase):
    client_name = "aider"

    def versions(self):
        python = AIDER.with_name("python")
        code = "import importlib.metadata as m; print(m.version('aider-chat'))"
        return {"aider-chat": subprocess.check_output([python, "-c", code], text=True).strip()}

    def aider(self, answer, *arguments):
        # The second question is the one for a commit message.
        self.simulator.reset()
        self.simulator.script({"kind": "text", "text": answer},
                              {"kind": "text", "text": "feat: Greet in another way"})
        said = self.run_program(
            [AIDER, *OPTIONS, *arguments, "--message", "Greet in another way.", "hello.py"],
            OPENAI_API_BASE=self.client + "/v1", OPENAI_API_KEY=API_KEY,
            LITELLM_LOCAL_MODEL_COST_MAP="True")
        self.assertIn("hello.py", self.simulator.prompts()[0])
        self.assertIn("feat: Greet in another way", self.git("log", "--oneline"), said)

    def test_a_whole_file_is_written_and_committed(self):
        self.aider(WHOLE)
        self.assertEqual(self.read("hello.py"), 'def greet(name):\n    return f"hello <{name}>"\n')

    def test_a_part_is_replaced_without_streaming(self):
        self.aider(DIFF, "--edit-format", "diff", "--no-stream")
        self.assertEqual(self.read("hello.py"), 'def greet():\n    return "good morning"\n')


if __name__ == "__main__":
    unittest.main()
