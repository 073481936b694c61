"""LangChain's model for OpenAI and agents on LangGraph."""

import operator
import unittest
from typing import Annotated, TypedDict

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import START, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from pydantic import BaseModel

from cities import ANSWER, BOTH, CALLS, MODEL, ROUNDS, THINKING, CitiesTestCase
from harness import API_KEY


class Person(BaseModel):
    """A person."""

    name: str
    age: int


class State(TypedDict):
    messages: Annotated[list, operator.add]


class LangChainTestCase(CitiesTestCase):
    def model(self, **options):
        return ChatOpenAI(**{"model": MODEL, "base_url": self.client, "api_key": API_KEY,
                             "max_retries": 0, "timeout": 20, **options})


class LangChainTest(LangChainTestCase):
    client_name = "LangChain"
    packages = ("langchain-openai",)

    def test_a_question_is_answered(self):
        message = self.model().invoke("Say hello.")
        self.assertTrue(message.content.strip())
        self.assertGreater(message.usage_metadata["output_tokens"], 0)

    def test_a_stream_adds_up(self):
        whole = self.model().invoke("Say hello.").content
        pieces = [chunk.content for chunk in self.model().stream("Say hello.")]
        self.assertGreater(len(pieces), 3)
        self.assertEqual("".join(pieces), whole)

    def test_bound_tools_are_called(self):
        model = self.model().bind_tools([tool(one) for one in self.tools])
        message = model.invoke(BOTH)
        self.assertEqual([(one["name"], one["args"]["city"]) for one in message.tool_calls], CALLS)
        results = [ToolMessage("fine", tool_call_id=one["id"]) for one in message.tool_calls]
        self.assertIn(ANSWER, model.invoke([HumanMessage(BOTH), message, *results]).content)

    def test_streamed_calls_add_up(self):
        gathered = None
        for chunk in self.model().bind_tools([tool(one) for one in self.tools]).stream(BOTH):
            gathered = chunk if gathered is None else gathered + chunk
        self.assertEqual([(one["name"], one["args"]["city"]) for one in gathered.tool_calls], CALLS)

    def test_a_forced_tool_is_called(self):
        model = self.model().bind_tools([tool(one) for one in self.tools], tool_choice="get_time")
        self.assertEqual({one["name"] for one in model.invoke("Hello!").tool_calls}, {"get_time"})

    def test_structured_output_by_each_method(self):
        for method in ["json_schema", "function_calling"]:
            with self.subTest(method=method):
                model = self.model().with_structured_output(Person, method=method)
                self.assertIsInstance(model.invoke("Tell about Nina."), Person)

    def test_the_responses_api_is_used_too(self):
        model = self.model(use_responses_api=True)
        self.assertTrue(model.invoke("Say hello.").text.strip())
        message = model.bind_tools([tool(one) for one in self.tools]).invoke(BOTH)
        self.assertEqual([(one["name"], one["args"]["city"]) for one in message.tool_calls], CALLS)

    def test_an_unlucky_key_is_an_error_of_the_client(self):
        with self.assertRaises(Exception) as caught:
            self.model(api_key="sk-wrong").invoke("Say hello.")
        self.assertEqual(caught.exception.status_code, 401)


class LangGraphTest(LangChainTestCase):
    client_name = "LangGraph"
    packages = ("langchain", "langchain-openai", "langgraph")

    def agent(self, **options):
        return create_agent(self.model(**options), [tool(one) for one in self.tools])

    def test_an_agent_uses_two_tools_one_after_the_other(self):
        state = self.agent().invoke({"messages": [HumanMessage(ROUNDS)]})
        self.assertEqual(self.ran, CALLS)
        self.assertIn(ANSWER, state["messages"][-1].content)

    def test_an_agent_uses_two_tools_at_once(self):
        state = self.agent().invoke({"messages": [HumanMessage(BOTH)]})
        self.assertEqual(sorted(self.ran), sorted(CALLS))
        self.assertIn(ANSWER, state["messages"][-1].content)

    def test_an_agent_streams_its_messages(self):
        text = ""
        for chunk, _ in self.agent().stream(
                {"messages": [HumanMessage(ROUNDS)]}, stream_mode="messages"):
            if chunk.type == "AIMessageChunk":
                text += chunk.text
        self.assertEqual(self.ran, CALLS)
        self.assertIn(ANSWER, text)

    def test_an_agent_that_thinks(self):
        state = self.agent(model=THINKING).invoke({"messages": [HumanMessage(ROUNDS)]})
        self.assertEqual(self.ran, CALLS)
        self.assertIn(ANSWER, state["messages"][-1].content)

    def test_an_agent_on_the_responses_api(self):
        state = self.agent(use_responses_api=True).invoke({"messages": [HumanMessage(ROUNDS)]})
        self.assertEqual(self.ran, CALLS)
        self.assertIn(ANSWER, state["messages"][-1].text)

    def test_a_graph_of_a_model_and_a_tool_node(self):
        tools = [tool(one) for one in self.tools]
        model = self.model().bind_tools(tools)
        graph = StateGraph(State)
        graph.add_node("model", lambda state: {"messages": [model.invoke(state["messages"])]})
        graph.add_node("tools", ToolNode(tools))
        graph.add_edge(START, "model")
        graph.add_conditional_edges("model", tools_condition)
        graph.add_edge("tools", "model")
        state = graph.compile().invoke({"messages": [HumanMessage(ROUNDS)]})
        self.assertEqual(self.ran, CALLS)
        self.assertIn(ANSWER, state["messages"][-1].content)


if __name__ == "__main__":
    unittest.main()
