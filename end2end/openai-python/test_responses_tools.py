"""Function calls of the Responses API, as the official Python client sees them."""

import json
import unittest

import openai
from pydantic import BaseModel

from common import MODEL
from test_responses import ResponsesTestCase
from tools import ROUND, TIME, TIME_ABOUT, WEATHER, WEATHER_ABOUT, asks, call, then

LIMA = {"city": "Lima", "unit": "celsius"}
TOOLS = [
    {"type": "function", "name": "get_weather", "description": WEATHER_ABOUT,
     "parameters": WEATHER, "strict": True},
    {"type": "function", "name": "get_time", "description": TIME_ABOUT, "parameters": TIME,
     "strict": True},
]


class GetWeather(BaseModel):
    """The weather of a city, now."""

    city: str
    unit: str


def calls_of(response):
    return [(item.name, json.loads(item.arguments)) for item in response.output
            if item.type == "function_call"]


def results(response, **contents):
    return [{"type": "function_call_output", "call_id": item.call_id,
             "output": contents[item.name]}
            for item in response.output if item.type == "function_call"]


class ResponsesToolsTest(ResponsesTestCase):
    question = asks("The weather and the time in Lima?", call("get_weather", **LIMA),
                    call("get_time", city="Lima"), then("Sunny, and it is noon."))

    def test_calls_results_and_the_answer_in_one_list(self):
        given = [{"role": "user", "content": self.question}]
        first = self.respond(given, tools=TOOLS)
        self.assertEqual(calls_of(first), [("get_weather", LIMA), ("get_time", {"city": "Lima"})])
        given += [item.to_dict() for item in first.output]
        given += results(first, get_weather="sunny", get_time="noon")
        last = self.respond(given, tools=TOOLS)
        self.assertIn("Sunny, and it is noon.", last.output_text)

    def test_results_follow_a_previous_response(self):
        first = self.respond(self.question, tools=TOOLS)
        last = self.respond(results(first, get_weather="sunny", get_time="noon"), tools=TOOLS,
                            previous_response_id=first.id)
        self.assertIn("Sunny, and it is noon.", last.output_text)

    def test_several_rounds(self):
        response = self.respond(asks("The time where the weather is best?",
                                     call("get_weather", **LIMA), ROUND,
                                     call("get_time", city="Lima"), then("It is noon.")),
                                tools=TOOLS)
        names = []
        while calls_of(response) and len(names) < 4:
            names += [name for name, _ in calls_of(response)]
            response = self.respond(results(response, get_weather="sunny", get_time="noon"),
                                    tools=TOOLS, previous_response_id=response.id)
        self.assertEqual(names, ["get_weather", "get_time"])
        self.assertIn("It is noon.", response.output_text)

    def test_a_stream_has_arguments_in_pieces(self):
        events = list(self.respond(self.question, tools=TOOLS, stream=True))
        arguments, added = {}, {}
        for event in events:
            if event.type == "response.output_item.added" and event.item.type == "function_call":
                added[event.output_index] = event.item
            if event.type == "response.function_call_arguments.delta":
                self.assertEqual(event.item_id, added[event.output_index].id)
                before = arguments.get(event.output_index, "")
                arguments[event.output_index] = before + event.delta
            if event.type == "response.function_call_arguments.done":
                self.assertEqual(event.arguments, arguments[event.output_index])
        self.assertEqual([json.loads(text) for _, text in sorted(arguments.items())],
                         [LIMA, {"city": "Lima"}])
        self.assertEqual(events[-1].type, "response.completed")
        self.assertEqual(calls_of(events[-1].response),
                         [("get_weather", LIMA), ("get_time", {"city": "Lima"})])

    def test_parse_gives_typed_arguments(self):
        tool = openai.pydantic_function_tool(GetWeather, name="get_weather")
        response = self.client.responses.parse(
            model=MODEL, input="The weather in Lima?", tools=[tool])
        parsed = [item.parsed_arguments for item in response.output
                  if item.type == "function_call"]
        self.assertIsInstance(parsed[0], GetWeather)

    def test_a_named_tool_is_called(self):
        response = self.respond("The weather in Lima?", tools=TOOLS,
                                tool_choice={"type": "function", "name": "get_time"})
        self.assertEqual({name for name, _ in calls_of(response)}, {"get_time"})

    def test_one_call_at_a_time(self):
        response = self.respond(self.question, tools=TOOLS, parallel_tool_calls=False)
        self.assertEqual(calls_of(response), [("get_weather", LIMA)])


if __name__ == "__main__":
    unittest.main()
