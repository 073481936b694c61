"""LiteLLM's client, with our address as an OpenAI-compatible and as an Anthropic server."""

import asyncio
import json
import unittest

import litellm
from pydantic import BaseModel

from harness import API_KEY, GatewayTestCase
from tools import TIME, TIME_ABOUT, WEATHER, WEATHER_ABOUT, asks, call, then

LIMA = {"city": "Lima", "unit": "celsius"}
TOOLS = [{"type": "function", "function": {"name": name, "description": about, "parameters": schema}}
         for name, about, schema in [("get_weather", WEATHER_ABOUT, WEATHER),
                                     ("get_time", TIME_ABOUT, TIME)]]
BOTH = asks("The weather and the time in Lima?", call("get_weather", **LIMA),
            call("get_time", city="Lima"), then("Sunny, and it is noon."))
CALLS = [("get_weather", LIMA), ("get_time", {"city": "Lima"})]

litellm.telemetry = False
litellm.suppress_debug_info = True


class Person(BaseModel):
    name: str
    age: int


def calls_of(message):
    return [(one.function.name, json.loads(one.function.arguments))
            for one in message.tool_calls or []]


class LiteLlmTest(GatewayTestCase):
    client_name = "LiteLLM"
    packages = ("litellm",)

    @staticmethod
    def connect(gateway):
        return gateway.url

    def options(self, messages, **options):
        if isinstance(messages, str):
            messages = [{"role": "user", "content": messages}]
        return {"model": "openai/grok-3", "api_base": self.client + "/v1", "api_key": API_KEY,
                "messages": messages, "num_retries": 0, "timeout": 20, **options}

    def ask(self, messages, **options):
        return litellm.completion(**self.options(messages, **options))

    def test_a_question_is_answered(self):
        answer = self.ask("Say hello.")
        self.assertTrue(answer.choices[0].message.content.strip())
        self.assertGreater(answer.usage.total_tokens, 0)

    def test_a_stream_adds_up(self):
        whole = self.ask("Say hello.").choices[0].message.content
        chunks = list(self.ask("Say hello.", stream=True))
        self.assertEqual("".join(c.choices[0].delta.content or "" for c in chunks), whole)

    def test_an_asynchronous_stream(self):
        async def read():
            stream = await litellm.acompletion(**self.options("Say hello.", stream=True))
            return "".join([c.choices[0].delta.content or "" async for c in stream])

        self.assertEqual(asyncio.run(read()), self.ask("Say hello.").choices[0].message.content)

    def test_calls_their_results_and_the_answer(self):
        message = self.ask(BOTH, tools=TOOLS).choices[0].message
        self.assertEqual(calls_of(message), CALLS)
        history = [{"role": "user", "content": BOTH}, message.model_dump(),
                   *[{"role": "tool", "tool_call_id": one.id, "content": "fine"}
                     for one in message.tool_calls]]
        self.assertIn("Sunny, and it is noon.",
                      self.ask(history, tools=TOOLS).choices[0].message.content)

    def test_streamed_calls_add_up(self):
        chunks = list(self.ask(BOTH, tools=TOOLS, stream=True))
        built = litellm.stream_chunk_builder(chunks)
        self.assertEqual(calls_of(built.choices[0].message), CALLS)
        self.assertEqual(built.choices[0].finish_reason, "tool_calls")

    def test_a_model_as_the_form_of_the_answer(self):
        answer = self.ask("Tell about Nina.", response_format=Person)
        self.assertIsInstance(
            Person.model_validate_json(answer.choices[0].message.content), Person)

    def test_as_an_anthropic_server(self):
        answer = self.ask(BOTH, tools=TOOLS, model="anthropic/grok-3", api_base=self.client,
                          max_tokens=4000)
        self.assertEqual(calls_of(answer.choices[0].message), CALLS)

    def test_the_responses_api(self):
        answer = litellm.responses(model="openai/grok-3", input="Say hello.", api_key=API_KEY,
                                   api_base=self.client + "/v1")
        self.assertEqual(answer.status, "completed")

    def test_a_wrong_key_is_an_authentication_error(self):
        with self.assertRaises(litellm.AuthenticationError):
            self.ask("Say hello.", api_key="sk-wrong")


if __name__ == "__main__":
    unittest.main()
