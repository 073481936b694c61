"""Tools of chat completions, as the official Python client sees them."""

import json
import unittest

import openai
from pydantic import BaseModel

from common import GET_WEATHER, MODEL, TOOLS, OpenAiTestCase, function, says
from tools import ROUND, asks, bad_call, broken, call, then

LIMA = {"city": "Lima", "unit": "celsius"}


class GetWeather(BaseModel):
    """The weather of a city, now."""

    city: str
    unit: str


class Collected:
    """What the deltas of a stream add up to."""

    def __init__(self, stream):
        self.text, self.calls, self.finish, self.pieces = "", [], None, 0
        for chunk in stream:
            for choice in chunk.choices:
                self.text += choice.delta.content or ""
                self.finish = choice.finish_reason or self.finish
                for delta in choice.delta.tool_calls or []:
                    self.take(delta)

    def take(self, delta):
        self.pieces += 1
        if delta.index == len(self.calls):
            self.calls.append({"id": delta.id, "name": delta.function.name, "arguments": ""})
            assert delta.type == "function" and delta.id and delta.function.name, delta
        else:
            assert delta.index == len(self.calls) - 1, "one call after the other"
        self.calls[delta.index]["arguments"] += delta.function.arguments or ""


class ToolsTest(OpenAiTestCase):
    def with_results(self, messages, message, **contents):
        """The history after the calls of `message` were answered."""
        results = [{"role": "tool", "tool_call_id": one.id, "content": contents[one.function.name]}
                   for one in message.tool_calls]
        return [*messages, message.model_dump(exclude_none=True), *results]

    def called(self, answer):
        choice = answer.choices[0]
        self.assertEqual(choice.finish_reason, "tool_calls")
        for one in choice.message.tool_calls:
            self.assertEqual(one.type, "function")
            self.assertTrue(one.id)
        return [(one.function.name, json.loads(one.function.arguments))
                for one in choice.message.tool_calls]

    def test_a_call_its_result_and_the_answer(self):
        messages = says(asks("What is the weather in Lima?", call("get_weather", **LIMA),
                             then("It is sunny in Lima.")))
        first = self.ask(messages, tools=TOOLS)
        self.assertEqual(self.called(first), [("get_weather", LIMA)])
        messages = self.with_results(messages, first.choices[0].message, get_weather="sunny, 21 C")
        last = self.ask(messages, tools=TOOLS).choices[0]
        self.assertEqual((last.finish_reason, last.message.tool_calls), ("stop", None))
        self.assertIn("It is sunny in Lima.", last.message.content)

    def test_the_result_reaches_the_model(self):
        messages = says("What is the weather in Lima?")
        first = self.ask(messages, tools=[GET_WEATHER])
        self.assertEqual(self.called(first)[0][0], "get_weather")
        messages = self.with_results(messages, first.choices[0].message, get_weather="hail, 3 C")
        answer = self.ask(messages, tools=[GET_WEATHER]).choices[0].message.content
        self.assertIn("hail, 3 C", answer)

    def test_arguments_fit_the_schema_without_being_told(self):
        [(name, arguments)] = self.called(self.ask("What is the weather in Lima?",
                                                   tools=[GET_WEATHER]))
        self.assertEqual((name, set(arguments)), ("get_weather", {"city", "unit"}))
        self.assertIn(arguments["unit"], ["celsius", "fahrenheit"])

    def test_parallel_calls_have_ids_of_their_own(self):
        question = asks("The weather and the time in Lima?", call("get_weather", **LIMA),
                        call("get_time", city="Lima"), then("Sunny, and it is noon."))
        first = self.ask(question, tools=TOOLS)
        self.assertEqual(self.called(first), [("get_weather", LIMA), ("get_time", {"city": "Lima"})])
        self.assertEqual(len({one.id for one in first.choices[0].message.tool_calls}), 2)
        messages = self.with_results(says(question), first.choices[0].message,
                                     get_weather="sunny", get_time="noon")
        last = self.ask(messages, tools=TOOLS)
        self.assertIn("Sunny, and it is noon.", last.choices[0].message.content)

    def test_parallel_calls_can_be_switched_off(self):
        question = asks("The weather and the time in Lima?", call("get_weather", **LIMA),
                        call("get_time", city="Lima"))
        answer = self.ask(question, tools=TOOLS, parallel_tool_calls=False)
        self.assertEqual(self.called(answer), [("get_weather", LIMA)])

    def test_several_rounds(self):
        messages = says(asks("The time where the weather is best?",
                             call("get_weather", **LIMA), ROUND, call("get_time", city="Lima"),
                             then("It is noon in Lima.")))
        names = []
        for _ in range(3):
            message = self.ask(messages, tools=TOOLS).choices[0].message
            if not message.tool_calls:
                break
            names += [one.function.name for one in message.tool_calls]
            messages = self.with_results(messages, message, get_weather="sunny", get_time="noon")
        self.assertEqual(names, ["get_weather", "get_time"])
        self.assertIn("It is noon in Lima.", message.content)

    def test_rounds_go_on_in_a_kept_conversation(self):
        _, api = self.with_account("plain-basic-1", APP__TEMPORARY="false")
        self.simulator.reset()
        messages = says(asks("The time where the weather is best?",
                             call("get_weather", **LIMA), ROUND, call("get_time", city="Lima"),
                             then("It is noon in Lima.")))
        for _ in range(3):
            message = api.chat.completions.create(
                model=MODEL, messages=messages, tools=TOOLS).choices[0].message
            if not message.tool_calls:
                break
            messages = self.with_results(messages, message, get_weather="sunny", get_time="noon")
        self.assertIn("It is noon in Lima.", message.content)
        paths = [request["path"] for request in self.simulator.requests()
                 if request["operation"] == "chat"]
        self.assertEqual([path.rsplit("/", 1)[1] for path in paths], ["new", *["responses"] * 2])

    def test_a_model_that_thinks_calls_tools(self):
        question = asks("The weather in Lima?", call("get_weather", **LIMA))
        for stream in [False, True]:
            with self.subTest(stream=stream):
                answer = self.ask(question, model="grok-4-thinking", tools=TOOLS, stream=stream)
                names = ([one["name"] for one in Collected(answer).calls] if stream
                         else [name for name, _ in self.called(answer)])
                self.assertEqual(names, ["get_weather"])

    def test_arguments_of_every_kind_arrive_as_they_were_written(self):
        given = {"text": "Zürich „7°“ \U0001f326 </tool_call> ```\n\t\\ \"", "list": [1, 2.5, None, True],
                 "deep": {"a": {"b": [{"c": "d"}]}}}
        tool = function("keep", "Keeps anything.", {"type": "object"})
        question = asks("Keep it.", call("keep", **given))
        self.assertEqual(self.called(self.ask(question, tools=[tool])), [("keep", given)])
        [one] = Collected(self.ask(question, tools=[tool], stream=True)).calls
        self.assertEqual(json.loads(one["arguments"]), given)

    def test_two_choices_with_calls_each(self):
        question = asks("The weather in Lima?", call("get_weather", **LIMA))
        answer = self.ask(question, tools=TOOLS, n=2)
        self.assertEqual([choice.finish_reason for choice in answer.choices], ["tool_calls"] * 2)
        self.assertEqual(len({choice.message.tool_calls[0].id for choice in answer.choices}), 2)

    def test_a_stream_says_what_the_whole_answer_says(self):
        question = asks("The weather and the time in Lima?", call("get_weather", **LIMA),
                        call("get_time", city="Lima"))
        whole = self.ask(question, tools=TOOLS)
        stream = Collected(self.ask(question, tools=TOOLS, stream=True))
        self.assertEqual(stream.finish, "tool_calls")
        self.assertEqual([(one["name"], json.loads(one["arguments"])) for one in stream.calls],
                         self.called(whole))
        self.assertEqual(stream.text, whole.choices[0].message.content or "")
        self.assertGreater(stream.pieces, len(stream.calls), "the name first, then arguments")

    def test_long_arguments_come_in_pieces(self):
        text = "Long lines of text. " * 400
        stream = Collected(self.ask(asks("Write it.", call("write", text=text)), stream=True, tools=[
            function("write", "Writes.", {"type": "object", "properties": {
                "text": {"type": "string"}}, "required": ["text"]})]))
        self.assertEqual(json.loads(stream.calls[0]["arguments"]), {"text": text})
        self.assertGreater(stream.pieces, 3)

    def test_text_before_a_call_is_kept_and_no_markup_is_seen(self):
        for number in range(12):
            question = asks(f"Question {number}: the weather in Lima?", call("get_weather", **LIMA))
            with self.subTest(question=question):
                stream = Collected(self.ask(question, tools=TOOLS, stream=True))
                self.assertEqual([one["name"] for one in stream.calls], ["get_weather"])
                for mark in ["<tool", "</", "```", '"arguments"']:
                    self.assertNotIn(mark, stream.text)

    def test_the_stream_helper_assembles_calls(self):
        question = asks("The weather in Lima?", call("get_weather", **LIMA))
        tool = openai.pydantic_function_tool(GetWeather, name="get_weather")
        with self.client.chat.completions.stream(
                model=MODEL, messages=says(question), tools=[tool]) as stream:
            kinds = [event.type for event in stream]
            final = stream.get_final_completion()
        self.assertIn("tool_calls.function.arguments.delta", kinds)
        self.assertIn("tool_calls.function.arguments.done", kinds)
        parsed = final.choices[0].message.tool_calls[0].function.parsed_arguments
        self.assertEqual(parsed, GetWeather(**LIMA))

    def test_parse_gives_typed_arguments(self):
        tool = openai.pydantic_function_tool(GetWeather, name="get_weather")
        answer = self.client.chat.completions.parse(
            model=MODEL, messages=says("The weather in Lima?"), tools=[tool])
        parsed = answer.choices[0].message.tool_calls[0].function.parsed_arguments
        self.assertIsInstance(parsed, GetWeather)

    def test_required_forces_a_call_and_none_forbids_it(self):
        self.called(self.ask("Good morning!", tools=TOOLS, tool_choice="required"))
        answer = self.ask("The weather in Lima?", tools=TOOLS, tool_choice="none").choices[0]
        self.assertEqual((answer.finish_reason, answer.message.tool_calls), ("stop", None))

    def test_a_named_tool_is_called(self):
        choice = {"type": "function", "function": {"name": "get_time"}}
        calls = self.called(self.ask("The weather in Lima?", tools=TOOLS, tool_choice=choice))
        self.assertEqual({name for name, _ in calls}, {"get_time"})

    def test_only_allowed_tools_are_called(self):
        choice = {"type": "allowed_tools", "allowed_tools": {
            "mode": "required", "tools": [{"type": "function", "function": {"name": "get_time"}}]}}
        calls = self.called(self.ask("The weather in Lima?", tools=TOOLS, tool_choice=choice))
        self.assertEqual({name for name, _ in calls}, {"get_time"})

    def test_broken_json_is_repaired(self):
        answer = self.ask(asks("The weather in Lima?", broken("get_weather", **LIMA)), tools=TOOLS)
        self.assertEqual(self.called(answer), [("get_weather", LIMA)])

    def test_arguments_that_do_not_fit_are_asked_for_again(self):
        self.simulator.reset()
        for stream in [False, True]:
            question = asks(f"The weather in Lima, {stream}?",
                            bad_call("get_weather", city=5, unit="kelvin"))
            with self.subTest(stream=stream):
                answer = self.ask(question, tools=TOOLS, stream=stream)
                if stream:
                    [one] = Collected(answer).calls
                    calls = [(one["name"], json.loads(one["arguments"]))]
                else:
                    calls = self.called(answer)
                [(name, arguments)] = calls
                self.assertEqual(name, "get_weather")
                self.assertIsInstance(arguments["city"], str)
                self.assertIn(arguments["unit"], ["celsius", "fahrenheit"])
        self.assertEqual(len(self.simulator.prompts()), 4, "each was asked twice, no more")

    def test_plain_questions_get_plain_answers_although_tools_are_there(self):
        answer = self.ask("Good morning!", tools=TOOLS).choices[0]
        self.assertEqual((answer.finish_reason, answer.message.tool_calls), ("stop", None))
        self.assertTrue(answer.message.content.strip())

    def test_functions_of_the_older_form(self):
        question = asks("The weather in Lima?", call("get_weather", **LIMA), then("It is sunny."))
        functions = [tool["function"] for tool in TOOLS]
        choice = self.ask(question, functions=functions).choices[0]
        self.assertEqual(choice.finish_reason, "function_call")
        called = choice.message.function_call
        self.assertEqual((called.name, json.loads(called.arguments)), ("get_weather", LIMA))
        history = [*says(question), choice.message.model_dump(exclude_none=True),
                   {"role": "function", "name": "get_weather", "content": "sunny"}]
        last = self.ask(history, functions=functions).choices[0]
        self.assertIn("It is sunny.", last.message.content)

    def test_mistakes_in_tools_name_their_field(self):
        named = {"type": "function", "function": {"name": "unknown"}}
        cases = [
            ({"tools": [{"type": "function", "function": {}}]}, "tools.0"),
            ({"tools": [{"type": "wand"}]}, "tools.0"),
            ({"tools": [function("no spaces!", "x", {})]}, "tools.0"),
            ({"tools": TOOLS, "tool_choice": "perhaps"}, "tool_choice"),
            ({"tools": TOOLS, "tool_choice": named}, "tool_choice"),
            ({"tools": [GET_WEATHER] * 129}, "tools"),
        ]
        for change, start in cases:
            with self.subTest(change=str(change)[:80]):
                with self.assertRaises(openai.BadRequestError) as caught:
                    self.ask("Hello", **change)
                self.assertTrue(caught.exception.param.startswith(start), caught.exception)

    def test_calls_of_the_history_need_no_tools_any_more(self):
        history = [*says("The weather in Lima?"),
                   {"role": "assistant", "content": None, "tool_calls": [
                       {"id": "call_1", "type": "function",
                        "function": {"name": "get_weather", "arguments": json.dumps(LIMA)}}]},
                   {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}]
        answer = self.ask(history).choices[0]
        self.assertEqual(answer.finish_reason, "stop")


if __name__ == "__main__":
    unittest.main()
