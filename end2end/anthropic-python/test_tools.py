"""Tools, forms of answers and searches, as the official Anthropic client for Python sees them."""

import unittest

import anthropic
from anthropic import beta_tool
from pydantic import BaseModel

from harness import GatewayTestCase
from test_messages import HELLO, PIXEL, client, says
from tools import ROUND, TIME, TIME_ABOUT, WEATHER, WEATHER_ABOUT, asks, broken, call, then

MODEL = "grok-3"
LIMA = {"city": "Lima", "unit": "celsius"}
TOOLS = [{"name": "get_weather", "description": WEATHER_ABOUT, "input_schema": WEATHER},
         {"name": "get_time", "description": TIME_ABOUT, "input_schema": TIME}]
BOTH = asks("The weather and the time in Lima?", call("get_weather", **LIMA),
            call("get_time", city="Lima"), then("Sunny, and it is noon."))
SEARCH = says("When is high tide? [[search tide tables]]")
WEB_SEARCH = {"type": "web_search_20250305", "name": "web_search"}


class Person(BaseModel):
    name: str
    age: int


def calls_of(message):
    return [(block.name, block.input) for block in message.content if block.type == "tool_use"]


def text_of(message):
    return "".join(block.text for block in message.content if block.type == "text")


def results(message, **contents):
    return {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": block.id, "content": contents[block.name]}
        for block in message.content if block.type == "tool_use"]}


class AnthropicTestCase(GatewayTestCase):
    client_name = "anthropic (Python)"
    packages = ("anthropic",)
    connect = staticmethod(client)

    def ask(self, messages, **options):
        if isinstance(messages, str):
            messages = says(messages)
        return self.client.messages.create(
            **{"model": MODEL, "max_tokens": 4000, "messages": messages, **options})


class ToolsTest(AnthropicTestCase):
    def test_a_call_its_result_and_the_answer(self):
        messages = says(asks("The weather in Lima?", call("get_weather", **LIMA),
                             then("It is sunny.")))
        first = self.ask(messages, tools=TOOLS)
        self.assertEqual(first.stop_reason, "tool_use")
        self.assertEqual(calls_of(first), [("get_weather", LIMA)])
        self.assertTrue(first.content[-1].id.startswith("toolu_"), first.content[-1])
        messages += [first.to_param(), results(first, get_weather="sunny")]
        last = self.ask(messages, tools=TOOLS)
        self.assertEqual(last.stop_reason, "end_turn")
        self.assertIn("It is sunny.", text_of(last))

    def test_the_result_reaches_the_model(self):
        messages = says("What is the weather in Lima?")
        first = self.ask(messages, tools=TOOLS[:1])
        blocks = [{"type": "text", "text": "hail, 3 C"}]
        messages += [first.to_param(), results(first, get_weather=blocks)]
        self.assertIn("hail, 3 C", text_of(self.ask(messages, tools=TOOLS[:1])))

    def test_results_may_be_errors_and_pictures(self):
        picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png",
                                               "data": PIXEL}}
        messages = says("What is the weather in Lima?")
        first = self.ask(messages, tools=TOOLS[:1])
        for result in [{"content": "no such city", "is_error": True}, {"content": [picture]}, {}]:
            with self.subTest(result=str(result)[:60]):
                block = {"type": "tool_result", "tool_use_id": first.content[-1].id, **result}
                last = self.ask([*messages, first.to_param(), *says([block])], tools=TOOLS[:1])
                self.assertEqual(last.stop_reason, "end_turn")

    def test_parallel_calls_and_one_at_a_time(self):
        first = self.ask(BOTH, tools=TOOLS)
        self.assertEqual(calls_of(first), [("get_weather", LIMA), ("get_time", {"city": "Lima"})])
        history = [*says(BOTH), first.to_param(),
                   results(first, get_weather="sunny", get_time="noon")]
        self.assertIn("Sunny, and it is noon.", text_of(self.ask(history, tools=TOOLS)))
        one = self.ask(BOTH, tools=TOOLS,
                       tool_choice={"type": "auto", "disable_parallel_tool_use": True})
        self.assertEqual(calls_of(one), [("get_weather", LIMA)])

    def test_a_stream_has_input_in_pieces(self):
        events = list(self.ask(BOTH, tools=TOOLS, stream=True))
        starts = [e for e in events
                  if e.type == "content_block_start" and e.content_block.type == "tool_use"]
        self.assertEqual([(e.content_block.name, e.content_block.input) for e in starts],
                         [("get_weather", {}), ("get_time", {})])
        pieces = [e for e in events
                  if e.type == "content_block_delta" and e.delta.type == "input_json_delta"]
        self.assertEqual({e.index for e in pieces}, {e.index for e in starts})
        ends = [e for e in events if e.type == "message_delta"]
        self.assertEqual([e.delta.stop_reason for e in ends], ["tool_use"])

    def test_the_stream_helper_assembles_what_the_message_says(self):
        whole = self.ask(BOTH, tools=TOOLS)
        with self.client.messages.stream(
                model=MODEL, max_tokens=4000, messages=says(BOTH), tools=TOOLS) as stream:
            kinds = {event.type for event in stream}
            final = stream.get_final_message()
        self.assertIn("input_json", kinds)
        self.assertEqual(calls_of(final), calls_of(whole))
        self.assertEqual((final.stop_reason, text_of(final)), ("tool_use", text_of(whole)))

    def test_the_choice_of_a_tool_is_kept_to(self):
        for choice, expected in [({"type": "any"}, {"get_weather", "get_time"}),
                                 ({"type": "tool", "name": "get_time"}, {"get_time"}),
                                 ({"type": "none"}, set())]:
            with self.subTest(choice=choice):
                message = self.ask("The weather in Lima?", tools=TOOLS, tool_choice=choice)
                names = {name for name, _ in calls_of(message)}
                self.assertLessEqual(names, expected)
                self.assertEqual(bool(names), bool(expected))

    def test_broken_json_is_repaired(self):
        message = self.ask(asks("The weather in Lima?", broken("get_weather", **LIMA)), tools=TOOLS)
        self.assertEqual(calls_of(message), [("get_weather", LIMA)])

    def test_the_tool_runner_runs_tools_to_the_end(self):
        ran = []

        @beta_tool
        def get_weather(city: str) -> str:
            """The weather of a city, now.

            Args:
                city: A city.
            """
            ran.append(("get_weather", city))
            return "sunny"

        @beta_tool
        def get_time(city: str) -> str:
            """The time of day in a city.

            Args:
                city: A city.
            """
            ran.append(("get_time", city))
            return "noon"

        question = asks("The time where the weather is best?", call("get_weather", city="Lima"),
                        ROUND, call("get_time", city="Lima"), then("It is noon in Lima."))
        runner = self.client.beta.messages.tool_runner(
            model=MODEL, max_tokens=4000, messages=says(question), tools=[get_weather, get_time])
        self.assertIn("It is noon in Lima.", text_of(runner.until_done()))
        self.assertEqual(ran, [("get_weather", "Lima"), ("get_time", "Lima")])

    def test_a_thread_is_refused_so_that_the_client_sends_its_history(self):
        # Threads keep the history on the server. The tool runner goes on without one where it is told
        # that there are none; an answer that knows nothing of the history would be the worst.
        with self.assertRaises(anthropic.BadRequestError) as caught:
            self.client.beta.messages.create(
                model=MODEL, max_tokens=100, messages=HELLO, extra_body={"thread": {"type": "create"}})
        error = caught.exception.body["error"]
        self.assertEqual(error["details"]["error_code"], "thread_unsupported_request")
        self.assertTrue(error["message"].startswith("thread: "), error)

    def test_tools_of_anthropics_own_are_refused_by_name(self):
        for tool in [{"type": "bash_20250124", "name": "bash"},
                     {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"},
                     {"type": "code_execution_20250825", "name": "code_execution"}]:
            with self.subTest(tool=tool), self.assertRaises(anthropic.BadRequestError) as caught:
                self.ask("Hello", tools=[tool])
            self.assertTrue(caught.exception.api_message.startswith("tools.0"), caught.exception)
            self.assertIn(tool["type"], caught.exception.api_message)


class StructuredTest(AnthropicTestCase):
    options = {"model": MODEL, "max_tokens": 4000, "messages": says("Tell about Nina.")}

    def test_parse_gives_a_model(self):
        message = self.client.messages.parse(**self.options, output_format=Person)
        self.assertIsInstance(message.parsed_output, Person)

    def test_a_streamed_answer_fits_too(self):
        with self.client.messages.stream(**self.options, output_format=Person) as stream:
            final = stream.get_final_message()
        self.assertIsInstance(final.parsed_output, Person)

    def test_a_schema_is_kept_to(self):
        schema = {"type": "object", "properties": {"name": {"type": "string"}},
                  "required": ["name"], "additionalProperties": False}
        message = self.ask('Who? [[json {"name": "Nina"}]]', output_config={
            "format": {"type": "json_schema", "schema": schema}})
        self.assertEqual(text_of(message), '{"name": "Nina"}')

    def test_what_never_fits_is_a_typed_error(self):
        schema = {"type": "object", "properties": {"name": {"type": "string"}},
                  "required": ["name"], "additionalProperties": False}
        with self.assertRaises(anthropic.APIStatusError) as caught:
            self.ask('Who? [[worst_json {"name": 5}]]', output_config={
                "format": {"type": "json_schema", "schema": schema}})
        self.assertTrue(caught.exception.type, caught.exception)


class SearchTest(AnthropicTestCase):
    def test_a_searched_answer_has_results_and_citations(self):
        message = self.ask(SEARCH, tools=[WEB_SEARCH])
        kinds = [block.type for block in message.content]
        at = kinds.index("server_tool_use")
        self.assertEqual(kinds[at + 1], "web_search_tool_result")
        use, found = message.content[at:at + 2]
        self.assertEqual((use.name, use.input), ("web_search", {"query": "tide tables"}))
        self.assertEqual(found.tool_use_id, use.id)
        self.assertTrue(found.content[0].url.startswith("http"))
        cited = [citation for block in message.content if block.type == "text"
                 for citation in block.citations or []]
        self.assertTrue(cited)
        for citation in cited:
            self.assertEqual(citation.type, "web_search_result_location")
            self.assertTrue(citation.url.startswith("http"), citation)
        self.assertGreater(message.usage.server_tool_use.web_search_requests, 0)

    def test_a_stream_has_the_same_blocks(self):
        whole = self.ask(SEARCH, tools=[WEB_SEARCH])
        with self.client.messages.stream(
                model=MODEL, max_tokens=4000, messages=SEARCH, tools=[WEB_SEARCH]) as stream:
            final = stream.get_final_message()

        def plain(message):
            blocks = [block.to_dict() for block in message.content]
            for block in blocks:
                block.pop("id", None)
                block.pop("tool_use_id", None)
            return blocks

        self.assertEqual(plain(final), plain(whole))

    def test_a_searched_answer_can_be_sent_back(self):
        message = self.ask(SEARCH, tools=[WEB_SEARCH])
        again = self.ask([*SEARCH, message.to_param(), *says("Thanks!")], tools=[WEB_SEARCH])
        self.assertEqual(again.stop_reason, "end_turn")

    def test_plain_messages_have_no_search(self):
        kinds = {block.type for block in self.ask(HELLO, tools=[WEB_SEARCH]).content}
        self.assertEqual(kinds, {"text"})


if __name__ == "__main__":
    unittest.main()
