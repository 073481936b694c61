"""opencode: it works with tools, over each of the three protocols."""

import json
import unittest

from harness import API_KEY
from programs import HERE, ProgramTestCase
from tools import ROUND, asks, call, then

PACKAGE = HERE / "opencode/node_modules/opencode-linux-x64-baseline"
# Provider packages that are part of the program, and the protocol that they speak.
PROTOCOLS = {"chat completions": "@ai-sdk/openai-compatible", "responses": "@ai-sdk/openai",
             "messages": "@ai-sdk/anthropic"}
QUIET = {name: "1" for name in [
    "OPENCODE_DISABLE_AUTOUPDATE", "OPENCODE_DISABLE_DEFAULT_PLUGINS",
    "OPENCODE_DISABLE_LSP_DOWNLOAD", "OPENCODE_DISABLE_MODELS_FETCH", "OPENCODE_DISABLE_SHARE"]}


class OpencodeTest(ProgramTestCase):
    client_name = "opencode"

    def versions(self):
        return {"opencode-ai": json.loads((PACKAGE / "package.json").read_text())["version"]}

    def opencode(self, question, package):
        """Runs one task; returns what was said and the tools that ran."""
        config = {"model": "grok2api/grok-3", "small_model": "grok2api/grok-3", "share": "disabled",
                  "autoupdate": False, "provider": {"grok2api": {
                      "npm": package, "name": "grok2api", "models": {"grok-3": {"name": "Grok 3"}},
                      "options": {"baseURL": self.client + "/v1", "apiKey": API_KEY}}}}
        (self.work / "opencode.json").write_text(json.dumps(config))
        # From standard input: it would escape the quotes of an argument.
        said = self.run_program([PACKAGE / "bin/opencode", "run", "--pure", "--format", "json"],
                                stdin=question, **QUIET)
        events = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        self.assertFalse([event for event in events if event["type"] == "error"], said)
        parts = [event["part"] for event in events if "part" in event]
        text = "".join(part["text"] for part in parts if part["type"] == "text")
        ran = [part["tool"] for part in parts if part["type"] == "tool"
               and part["state"]["status"] == "completed"]
        return text, ran

    def does_a_task(self, protocol):
        script = self.work / "greet.sh"
        question = asks(
            "Make a script that greets, and run it.",
            call("write", filePath=str(script), content='echo "good <morning>" | tr a-z A-Z\n'),
            ROUND,
            call("bash", command="sh greet.sh > said.txt", description="Runs the script"),
            ROUND,
            call("read", filePath=str(self.work / "said.txt")),
            then("The script greets."))
        text, ran = self.opencode(question, PROTOCOLS[protocol])
        self.assertEqual(ran, ["write", "bash", "read"])
        self.assertEqual(self.read("said.txt"), "GOOD <MORNING>\n")
        self.assertIn("The script greets.", text)

    def test_a_task_in_three_steps_over_chat_completions(self):
        self.does_a_task("chat completions")

    def test_a_task_in_three_steps_over_responses(self):
        self.does_a_task("responses")

    def test_a_task_in_three_steps_over_messages(self):
        self.does_a_task("messages")

    def test_a_file_is_read_and_edited(self):
        file = str(self.work / "hello.py")
        question = asks(
            "Greet by name.", call("read", filePath=file), ROUND,
            call("edit", filePath=file, oldString='greet():\n    return "hello"',
                 newString='greet(name):\n    return f"hello {name}"'),
            then("It greets by name."))
        text, ran = self.opencode(question, PROTOCOLS["chat completions"])
        self.assertEqual(ran, ["read", "edit"])
        self.assertEqual(self.read("hello.py"), 'def greet(name):\n    return f"hello {name}"\n')
        self.assertIn("It greets by name.", text)


if __name__ == "__main__":
    unittest.main()
