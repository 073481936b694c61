"""Answers in a form that was asked for, and limits, as the official Python client sees them."""

import json
import unittest
from enum import Enum

import openai
from pydantic import BaseModel

from common import HELLO, MODEL, TOOLS, OpenAiTestCase, says

SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
          "required": ["name", "age"], "additionalProperties": False}
FORMAT = {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": SCHEMA}}


class Mood(Enum):
    GLAD = "glad"
    SAD = "sad"


class Address(BaseModel):
    street: str
    number: int


class Person(BaseModel):
    name: str
    age: int
    mood: Mood
    addresses: list[Address]
    nickname: str | None


class StructuredTest(OpenAiTestCase):
    def parse(self, text, **options):
        return self.client.chat.completions.parse(
            model=MODEL, messages=says(text), response_format=Person, **options)

    def test_parse_gives_a_model(self):
        for number in range(8):
            with self.subTest(number=number):
                choice = self.parse(f"Tell about person {number} called Nina.").choices[0]
                self.assertIsInstance(choice.message.parsed, Person)
                self.assertEqual(choice.finish_reason, "stop")
                self.assertEqual(choice.message.content.strip()[0], "{")

    def test_the_stream_helper_gives_a_model(self):
        with self.client.chat.completions.stream(
                model=MODEL, messages=says("Tell about Nina."), response_format=Person) as stream:
            kinds = {event.type for event in stream}
            final = stream.get_final_completion()
        self.assertIn("content.done", kinds)
        self.assertIsInstance(final.choices[0].message.parsed, Person)

    def test_a_schema_is_kept_to(self):
        answer = self.ask('Who? [[json {"name": "Nina", "age": 41}]]', response_format=FORMAT)
        self.assertEqual(json.loads(answer.choices[0].message.content), {"name": "Nina", "age": 41})

    def test_json_object_is_an_object(self):
        for number in range(6):
            with self.subTest(number=number):
                answer = self.ask(f"Answer {number} as JSON.",
                                  response_format={"type": "json_object"})
                self.assertIsInstance(json.loads(answer.choices[0].message.content), dict)

    def test_a_streamed_answer_is_json_too(self):
        chunks = self.ask("Who? Nina.", response_format=FORMAT, stream=True)
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        self.assertEqual(set(json.loads(text)), {"name", "age"})

    def test_what_does_not_fit_is_asked_for_again(self):
        self.simulator.reset()
        answer = self.ask('Who? [[bad_json {"name": 5}]]', response_format=FORMAT)
        self.assertEqual(set(json.loads(answer.choices[0].message.content)), {"name", "age"})
        self.assertEqual(len(self.simulator.prompts()), 2)

    def test_what_never_fits_is_a_typed_error(self):
        self.simulator.reset()
        with self.assertRaises(openai.APIStatusError) as caught:
            self.ask('Who? [[worst_json {"name": 5}]]', response_format=FORMAT)
        self.assertTrue(caught.exception.code, caught.exception)
        self.assertLess(len(self.simulator.prompts()), 3)

    def test_a_schema_answer_and_tools_go_together(self):
        answer = self.ask('Who? [[json {"name": "Nina", "age": 41}]]', tools=TOOLS,
                          response_format=FORMAT)
        self.assertEqual(json.loads(answer.choices[0].message.content), {"name": "Nina", "age": 41})

    def test_a_missing_schema_names_its_field(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.ask("Who?", response_format={"type": "json_schema"})
        self.assertTrue(caught.exception.param.startswith("response_format"), caught.exception)


class LimitsTest(OpenAiTestCase):
    def text_of(self, **options):
        choice = self.ask(HELLO, **options).choices[0]
        return choice.message.content, choice.finish_reason

    def streamed(self, **options):
        text, finish = "", None
        for chunk in self.ask(HELLO, stream=True, **options):
            for choice in chunk.choices:
                text += choice.delta.content or ""
                finish = choice.finish_reason or finish
        return text, finish

    def test_stop_ends_the_answer_before_it(self):
        whole, _ = self.text_of()
        expected = (whole.split("## The idea")[0], "stop")
        for stop in ["## The idea", ["never said", "## The idea", "nor this", "nor that"]]:
            with self.subTest(stop=stop):
                self.assertEqual(self.text_of(stop=stop), expected)
                self.assertEqual(self.streamed(stop=stop), expected)

    def test_five_stop_texts_are_too_many(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.ask(HELLO, stop=list("abcde"))
        self.assertEqual(caught.exception.param, "stop")

    def test_max_tokens_ends_the_answer(self):
        whole, _ = self.text_of()
        for name in ["max_tokens", "max_completion_tokens"]:
            with self.subTest(name=name):
                text, finish = self.text_of(**{name: 5})
                self.assertEqual((text, finish), (whole[:20], "length"), "4 characters a token")
                self.assertEqual(self.streamed(**{name: 5}), (text, finish))

    def test_parse_says_that_the_answer_was_cut(self):
        with self.assertRaises(openai.LengthFinishReasonError):
            self.client.chat.completions.parse(
                model=MODEL, messages=says("Tell about Nina."), response_format=Person, max_tokens=2)

    def test_three_choices(self):
        answer = self.ask(HELLO, n=3)
        self.assertEqual([choice.index for choice in answer.choices], [0, 1, 2])
        for choice in answer.choices:
            self.assertTrue(choice.message.content.strip())
            self.assertEqual(choice.finish_reason, "stop")
        self.assertGreater(answer.usage.completion_tokens,
                           self.ask(HELLO).usage.completion_tokens)

    def test_three_choices_in_one_stream(self):
        texts, ends, usages = {}, {}, 0
        for chunk in self.ask(HELLO, n=3, stream=True, stream_options={"include_usage": True}):
            usages += chunk.usage is not None
            for choice in chunk.choices:
                texts[choice.index] = texts.get(choice.index, "") + (choice.delta.content or "")
                if choice.finish_reason:
                    ends[choice.index] = choice.finish_reason
        self.assertEqual(ends, {0: "stop", 1: "stop", 2: "stop"})
        self.assertEqual(sorted(texts), [0, 1, 2])
        self.assertTrue(all(texts.values()))
        self.assertEqual(usages, 1)

    def test_what_only_tunes_is_accepted(self):
        answer = self.ask(HELLO, seed=7, presence_penalty=0.5, frequency_penalty=0.5,
                          logit_bias={"50": 1}, user="u-1", store=False, service_tier="auto",
                          metadata={"a": "b"}, temperature=0.2, top_p=0.9, verbosity="low",
                          safety_identifier="s-1", prompt_cache_key="k-1", logprobs=False)
        self.assertTrue(answer.choices[0].message.content)

    def test_what_would_mislead_is_refused(self):
        cases = [({"logprobs": True}, "logprobs"),
                 ({"modalities": ["text", "audio"],
                   "audio": {"voice": "alloy", "format": "wav"}}, None),
                 ({"n": 1000}, "n")]
        for change, param in cases:
            with self.subTest(change=change), self.assertRaises(openai.BadRequestError) as caught:
                self.ask(HELLO, **change)
            self.assertIn(caught.exception.param, [param] if param else ["modalities", "audio"])


if __name__ == "__main__":
    unittest.main()
