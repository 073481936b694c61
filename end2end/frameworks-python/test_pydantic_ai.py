"""Pydantic AI, on chat completions and on the Responses API."""

import unittest

from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, PromptedOutput, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

from cities import ANSWER, BOTH, CALLS, MODEL, ROUNDS, CitiesTestCase


class Person(BaseModel):
    """A person."""

    name: str
    age: int


class PydanticAiTest(CitiesTestCase):
    client_name = "Pydantic AI"
    packages = ("pydantic-ai-slim",)

    def agent(self, kind=OpenAIChatModel, **options):
        return Agent(kind(MODEL, provider=OpenAIProvider(openai_client=self.api())), **options)

    def test_a_question_is_answered(self):
        result = self.run_async(self.agent(instructions="Be brief.").run("Say hello."))
        self.assertTrue(result.output.strip())
        self.assertGreater(result.usage.output_tokens, 0)

    def test_an_agent_uses_two_tools_one_after_the_other(self):
        for kind in [OpenAIChatModel, OpenAIResponsesModel]:
            with self.subTest(kind=kind.__name__):
                self.ran.clear()
                result = self.run_async(self.agent(kind, tools=self.tools).run(ROUNDS))
                self.assertEqual(self.ran, CALLS)
                self.assertIn(ANSWER, result.output)

    def test_an_agent_uses_two_tools_at_once(self):
        result = self.run_async(self.agent(tools=self.tools).run(BOTH))
        self.assertEqual(sorted(self.ran), sorted(CALLS))
        self.assertIn(ANSWER, result.output)

    def test_a_streamed_run(self):
        async def read():
            async with self.agent(tools=self.tools).run_stream(ROUNDS) as result:
                return "".join([piece async for piece in result.stream_text(delta=True)])

        self.assertIn(ANSWER, self.run_async(read()))
        self.assertEqual(self.ran, CALLS)

    def test_structured_output_by_each_method(self):
        # The simulator reads a schema where an API has a place for it, not in prose.
        prose = 'Tell about Nina. [[json {"name": "Nina", "age": 41}]]'
        for output, question in [(NativeOutput(Person), "Tell about Nina."),
                                 (ToolOutput(Person), "Tell about Nina."),
                                 (PromptedOutput(Person), prose)]:
            with self.subTest(output=type(output).__name__):
                result = self.run_async(self.agent(output_type=output).run(question))
                self.assertIsInstance(result.output, Person)

    def test_a_second_question_follows_the_first(self):
        async def ask():
            agent = self.agent()
            first = await agent.run("My name is Nina.")
            self.simulator.reset()
            await agent.run("What is my name?", message_history=first.all_messages())

        self.run_async(ask())
        self.assertIn("My name is Nina.", self.simulator.prompts()[0])


if __name__ == "__main__":
    unittest.main()
