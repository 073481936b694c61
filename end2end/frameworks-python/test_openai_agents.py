"""The OpenAI Agents SDK, on the Responses API (its default) and on chat completions."""

import unittest

from agents import (
    Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, RunConfig, Runner, WebSearchTool,
    function_tool,
)
from pydantic import BaseModel

from cities import ANSWER, BOTH, CALLS, MODEL, ROUNDS, CitiesTestCase
from tools import asks, call, then


class Person(BaseModel):
    name: str
    age: int


class OpenAiAgentsTest(CitiesTestCase):
    client_name = "OpenAI Agents SDK"
    packages = ("openai-agents",)
    kinds = (OpenAIResponsesModel, OpenAIChatCompletionsModel)

    def agent(self, kind=OpenAIResponsesModel, **options):
        model = kind(model=MODEL, openai_client=self.api())
        return Agent(**{"name": "Ada", "instructions": "Be brief.", "model": model, **options})

    def ended(self, agent, question):
        config = RunConfig(tracing_disabled=True)
        return self.run_async(Runner.run(agent, question, run_config=config, max_turns=6))

    def test_an_agent_uses_two_tools_one_after_the_other(self):
        for kind in self.kinds:
            with self.subTest(kind=kind.__name__):
                self.ran.clear()
                agent = self.agent(kind, tools=[function_tool(one) for one in self.tools])
                self.assertIn(ANSWER, self.ended(agent, ROUNDS).final_output)
                self.assertEqual(self.ran, CALLS)

    def test_an_agent_uses_two_tools_at_once(self):
        agent = self.agent(tools=[function_tool(one) for one in self.tools])
        self.assertIn(ANSWER, self.ended(agent, BOTH).final_output)
        self.assertEqual(sorted(self.ran), sorted(CALLS))

    def test_a_streamed_run(self):
        for kind in self.kinds:
            with self.subTest(kind=kind.__name__):
                self.ran.clear()
                agent = self.agent(kind, tools=[function_tool(one) for one in self.tools])

                async def read(agent=agent):
                    result = Runner.run_streamed(
                        agent, ROUNDS, run_config=RunConfig(tracing_disabled=True))
                    kinds = {event.type async for event in result.stream_events()}
                    return kinds, result.final_output

                kinds, output = self.run_async(read())
                self.assertIn("raw_response_event", kinds)
                self.assertIn(ANSWER, output)
                self.assertEqual(self.ran, CALLS)

    def test_structured_output(self):
        for kind in self.kinds:
            with self.subTest(kind=kind.__name__):
                result = self.ended(self.agent(kind, output_type=Person), "Tell about Nina.")
                self.assertIsInstance(result.final_output, Person)

    def test_one_agent_hands_over_to_another(self):
        other = self.agent(name="Bea", tools=[function_tool(one) for one in self.tools])
        first = self.agent(handoffs=[other])
        question = asks("The weather in Lima?", call("transfer_to_bea"), then("Sunny."))
        result = self.ended(first, question)
        self.assertEqual(result.last_agent.name, "Bea")

    def test_a_web_search_tool(self):
        agent = self.agent(tools=[WebSearchTool()])
        result = self.ended(agent, "When is high tide? [[search tide tables]]")
        self.assertTrue(result.final_output.strip())
        kinds = [getattr(item.raw_item, "type", None) for item in result.new_items]
        self.assertIn("web_search_call", kinds)


if __name__ == "__main__":
    unittest.main()
