"""The Responses API, as the official Python client sees it."""

import time
import unittest

import openai
from pydantic import BaseModel

from common import MODEL, OpenAiTestCase

THINKING = "grok-4-thinking"
LIMIT_SECS = 20


class Person(BaseModel):
    name: str
    age: int


class ResponsesTestCase(OpenAiTestCase):
    def respond(self, given, **options):
        return self.client.responses.create(**{"model": MODEL, "input": given, **options})

    def ended(self, response):
        deadline = time.monotonic() + LIMIT_SECS
        while response.status in ("queued", "in_progress"):
            self.assertLess(time.monotonic(), deadline, response)
            time.sleep(0.05)
            response = self.client.responses.retrieve(response.id)
        return response


class ResponsesTest(ResponsesTestCase):
    def test_a_response_has_every_field(self):
        response = self.respond("Say hello.", metadata={"a": "b"})
        self.assertTrue(response.id.startswith("resp_"), response.id)
        self.assertEqual((response.object, response.status, response.model),
                         ("response", "completed", MODEL))
        self.assertEqual([item.type for item in response.output], ["message"])
        self.assertTrue(response.output_text.strip())
        self.assertEqual(response.metadata, {"a": "b"})
        usage = response.usage
        self.assertEqual(usage.total_tokens, usage.input_tokens + usage.output_tokens)
        self.assertGreater(usage.output_tokens, 0)
        self.assertEqual(usage.input_tokens_details.cached_tokens, 0)
        self.assertEqual(usage.output_tokens_details.reasoning_tokens, 0)
        self.assertIsNone(response.error)

    def test_tokens_are_counted_with_what_was_said_before(self):
        def count(given, **options):
            counted = self.client.responses.input_tokens.count(
                model=MODEL, input=given, **options)
            self.assertEqual(counted.object, "response.input_tokens")
            return counted.input_tokens

        first = self.respond("Say hello.")
        self.assertEqual(count("Say hello."), first.usage.input_tokens)
        following = {"previous_response_id": first.id}
        counted = count("Again.", **following)
        self.assertGreater(counted, count("Again."))
        self.assertEqual(counted, self.respond("Again.", **following).usage.input_tokens)
        with self.assertRaises(openai.NotFoundError) as raised:
            self.client.responses.input_tokens.count(model="gpt-none", input="Hello.")
        self.assertEqual(raised.exception.code, "model_not_found")

    def test_every_form_of_input_is_read(self):
        message = {"role": "user", "content": [{"type": "input_text", "text": "Say hello."}]}
        expected = self.respond("Say hello.").output_text
        for given in [[message], [{"type": "message", **message}],
                      [{"role": "user", "content": "Say hello."}]]:
            with self.subTest(given=given):
                self.assertEqual(self.respond(given).output_text, expected)

    def test_instructions_reach_the_model(self):
        self.simulator.reset()
        self.respond("Say hello.", instructions="Be brief.")
        self.assertEqual(self.simulator.prompts(), ["system: Be brief.\n\nSay hello."])

    def test_a_stream_has_every_event_in_order(self):
        events = list(self.respond("Say hello.", stream=True))
        kinds = []
        for event in events:
            if not kinds or kinds[-1] != event.type:
                kinds.append(event.type)
        self.assertEqual(kinds, [
            "response.created", "response.in_progress", "response.output_item.added",
            "response.content_part.added", "response.output_text.delta",
            "response.output_text.done", "response.content_part.done",
            "response.output_item.done", "response.completed"])
        self.assertEqual([event.sequence_number for event in events], list(range(len(events))))
        text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
        final = events[-1].response
        self.assertEqual(final.output_text, text)
        self.assertEqual(final.output_text, self.respond("Say hello.").output_text)
        self.assertEqual(final.id, events[0].response.id)
        self.assertEqual(events[0].response.status, "in_progress")

    def test_the_stream_helper_gives_the_final_response(self):
        with self.client.responses.stream(model=MODEL, input="Say hello.") as stream:
            text = "".join(e.delta for e in stream if e.type == "response.output_text.delta")
            final = stream.get_final_response()
        self.assertEqual((final.status, final.output_text), ("completed", text))

    def test_reasoning_is_an_item_with_a_summary(self):
        response = self.respond("Say hello.", model=THINKING,
                                reasoning={"effort": "high", "summary": "auto"})
        self.assertEqual([item.type for item in response.output], ["reasoning", "message"])
        summary = response.output[0].summary
        self.assertEqual(summary[0].type, "summary_text")
        self.assertIn("Say hello", summary[0].text)
        self.assertGreater(response.usage.output_tokens_details.reasoning_tokens, 0)

    def test_reasoning_is_streamed(self):
        events = list(self.respond("Say hello.", model=THINKING, stream=True,
                                   reasoning={"effort": "high", "summary": "auto"}))
        text = "".join(e.delta for e in events
                       if e.type == "response.reasoning_summary_text.delta")
        final = events[-1].response
        self.assertEqual(final.output[0].type, "reasoning")
        self.assertEqual(text, "".join(part.text for part in final.output[0].summary))

    def test_max_output_tokens_makes_it_incomplete(self):
        response = self.respond("Say hello.", max_output_tokens=16)
        self.assertEqual((response.status, response.incomplete_details.reason),
                         ("incomplete", "max_output_tokens"))
        last = list(self.respond("Say hello.", max_output_tokens=16, stream=True))[-1]
        self.assertEqual(last.type, "response.incomplete")
        self.assertEqual(last.response.output_text, response.output_text)

    def test_parse_gives_a_model(self):
        response = self.client.responses.parse(
            model=MODEL, input="Tell about Nina.", text_format=Person)
        self.assertIsInstance(response.output_parsed, Person)

    def test_a_json_object_is_one(self):
        response = self.respond("Answer as JSON.", text={"format": {"type": "json_object"}})
        self.assertEqual(response.output_text.strip()[0], "{")

    def test_a_search_is_an_item_and_cited(self):
        question = "When is high tide? [[search tide tables]]"
        response = self.respond(question, tools=[{"type": "web_search"}],
                                include=["web_search_call.action.sources"])
        kinds = [item.type for item in response.output]
        self.assertEqual(kinds[-1], "message")
        call = response.output[kinds.index("web_search_call")]
        self.assertEqual((call.status, call.action.type), ("completed", "search"))
        self.assertEqual(call.action.query, "tide tables")
        self.assertTrue(call.action.sources)
        text = response.output[-1].content[0]
        self.assertTrue(text.annotations)
        for cited in text.annotations:
            self.assertEqual(cited.type, "url_citation")
            self.assertTrue(text.text[cited.start_index:cited.end_index].strip(), cited)
        events = list(self.respond(question, tools=[{"type": "web_search"}], stream=True))
        seen = {event.type for event in events}
        for kind in ["response.web_search_call.in_progress", "response.web_search_call.searching",
                     "response.web_search_call.completed", "response.output_text.annotation.added"]:
            self.assertIn(kind, seen)

    def test_mistakes_name_their_field(self):
        wizard = [{"role": "wizard", "content": "x"}]
        interpreter = [{"type": "code_interpreter", "container": {"type": "auto"}}]
        cases = [(wizard, {}, "input"),
                 ("x", {"tools": interpreter}, "tools"),
                 ("x", {"previous_response_id": "resp_unknown"}, "previous_response_id"),
                 ("x", {"temperature": 9}, "temperature")]
        for given, options, start in cases:
            with self.subTest(start=start):
                with self.assertRaises(openai.APIStatusError) as caught:
                    self.respond(given, **options)
                self.assertIn(caught.exception.status_code, (400, 404))
                self.assertTrue((caught.exception.param or "").startswith(start), caught.exception)


class StoredTest(ResponsesTestCase):
    def test_a_response_is_kept_and_deleted(self):
        made = self.respond("Say hello.")
        again = self.client.responses.retrieve(made.id)
        self.assertEqual((again.id, again.output_text, again.usage),
                         (made.id, made.output_text, made.usage))
        items = list(self.client.responses.input_items.list(made.id))
        self.assertEqual([item.type for item in items], ["message"])
        self.assertEqual(items[0].content[0].text, "Say hello.")
        self.client.responses.delete(made.id)
        for call in [self.client.responses.retrieve, self.client.responses.input_items.list]:
            with self.assertRaises(openai.NotFoundError):
                call(made.id)

    def test_one_that_is_not_stored_cannot_be_found(self):
        made = self.respond("Say hello.", store=False)
        self.assertFalse(made.store)
        with self.assertRaises(openai.NotFoundError):
            self.client.responses.retrieve(made.id)

    def test_a_streamed_one_is_kept_too(self):
        made = list(self.respond("Say hello.", stream=True))[-1].response
        self.assertEqual(self.client.responses.retrieve(made.id).output_text, made.output_text)

    def test_a_previous_response_is_what_was_said_before(self):
        first = self.respond("My name is Nina.")
        self.simulator.reset()
        second = self.respond("What is my name?", previous_response_id=first.id)
        self.assertEqual(second.previous_response_id, first.id)
        third = self.respond("And again?", previous_response_id=second.id)
        self.assertEqual(third.status, "completed")
        prompts = self.simulator.prompts()
        self.assertIn("My name is Nina.", prompts[0])
        self.assertIn(first.output_text, prompts[0])
        for text in ["My name is Nina.", "What is my name?", "And again?"]:
            self.assertIn(text, prompts[1])

    def test_a_conversation_grows(self):
        conversation = self.client.conversations.create()
        self.respond("My name is Nina.", conversation=conversation.id)
        self.simulator.reset()
        answer = self.respond("What is my name?", conversation={"id": conversation.id})
        self.assertEqual(answer.conversation.id, conversation.id)
        self.assertIn("My name is Nina.", self.simulator.prompts()[0])
        items = list(self.client.conversations.items.list(conversation.id))
        one = self.client.conversations.items.retrieve(items[0].id, conversation_id=conversation.id)
        self.assertEqual(one.id, items[0].id)
        left = self.client.conversations.items.delete(items[0].id, conversation_id=conversation.id)
        self.assertEqual(left.id, conversation.id)
        self.assertEqual(len(list(self.client.conversations.items.list(conversation.id))), len(items) - 1)
        self.assertEqual(len(items), 4)
        self.assertTrue(self.client.conversations.delete(conversation.id).deleted)

    def test_background_work_can_be_waited_for(self):
        response = self.respond("Say hello.", background=True)
        self.assertIn(response.status, ("queued", "in_progress"))
        ended = self.ended(response)
        self.assertEqual(ended.status, "completed")
        self.assertEqual(ended.output_text, self.respond("Say hello.").output_text)

    def test_background_work_can_be_cancelled(self):
        gateway, api = self.with_account("patient-stall-1")
        response = api.responses.create(model=MODEL, input="Say hello.", background=True)
        cancelled = api.responses.cancel(response.id)
        self.assertEqual(cancelled.status, "cancelled")
        self.assertEqual(api.responses.retrieve(response.id).status, "cancelled")
        gateway.wait_until(lambda r: r["pool"]["leases"] == 0, "the lease was not freed")

    def test_only_background_work_can_be_cancelled(self):
        made = self.respond("Say hello.")
        with self.assertRaises(openai.BadRequestError):
            self.client.responses.cancel(made.id)


if __name__ == "__main__":
    unittest.main()
