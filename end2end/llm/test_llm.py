"""The program llm, set up as its documentation says: a file of models and a stored key."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from harness import API_KEY, GatewayTestCase
from tools import ROUND, asks, call, then

LLM = Path(sys.executable).with_name("llm")
MODELS = """
- model_id: grok
  model_name: grok-3
  api_base: {address}/v1
  api_key_name: grok
  supports_tools: true
  supports_schema: true
  vision: true
"""
# llm takes functions as text.
FUNCTIONS = '''
def get_weather(city: str) -> str:
    """The weather of a city, now."""
    return "sunny"

def get_time(city: str) -> str:
    """The time of day in a city."""
    return "noon"
'''


class LlmTest(GatewayTestCase):
    client_name = "llm"
    packages = ("llm",)

    @staticmethod
    def connect(gateway):
        return gateway.url

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        (self.home / "extra-openai-models.yaml").write_text(MODELS.format(address=self.client))
        self.llm("keys", "set", "grok", "--value", API_KEY)

    def llm(self, *arguments, code=0):
        environment = {**os.environ, "LLM_USER_PATH": str(self.home), "HOME": str(self.home)}
        run = subprocess.run([LLM, *arguments], env=environment, capture_output=True, text=True,
                             stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(run.returncode, code, run.stderr)
        return run.stdout if code == 0 else run.stderr

    def test_a_question_is_answered_streamed_and_whole(self):
        streamed = self.llm("-m", "grok", "Say hello.")
        self.assertIn("## The idea", streamed)
        self.assertEqual(self.llm("-m", "grok", "--no-stream", "Say hello."), streamed)

    def test_a_system_prompt_and_a_second_question(self):
        self.llm("-m", "grok", "-s", "Be brief.", "My name is Nina.")
        self.simulator.reset()
        self.llm("-c", "What is my name?")
        self.assertIn("My name is Nina.", self.simulator.prompts()[0])
        self.assertIn("Be brief.", self.simulator.prompts()[0])

    def test_functions_are_called(self):
        question = asks("The time where the weather is best?", call("get_weather", city="Lima"),
                        ROUND, call("get_time", city="Lima"), then("It is noon in Lima."))
        for stream in [[], ["--no-stream"]]:
            with self.subTest(stream=stream):
                said = self.llm("-m", "grok", *stream, "--functions", FUNCTIONS, question)
                self.assertIn("It is noon in Lima.", said)

    def test_a_schema_is_kept_to(self):
        said = self.llm("-m", "grok", "--schema", "name, age int", "Tell about Nina.")
        self.assertEqual(set(json.loads(said)), {"name", "age"})

    def test_a_picture_is_attached(self):
        picture = self.home / "a.png"
        picture.write_bytes(bytes.fromhex(
            "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
            "1f15c4890000000d49444154789c6364f8cf500f000e0180015a347d6b0000000049454e44ae426082"))
        said = self.llm("-m", "grok", "What is on it?", "-a", str(picture))
        self.assertIn("I received your file", said)

    def test_a_wrong_key_is_said(self):
        self.llm("keys", "set", "grok", "--value", "sk-wrong")
        self.assertIn("401", self.llm("-m", "grok", "Say hello.", code=1))


if __name__ == "__main__":
    unittest.main()
