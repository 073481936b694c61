"""What a user of the official Python client sees: messages, streams, thinking, images, documents."""

import asyncio
import json
import unittest
import urllib.request

from anthropic import Anthropic, AsyncAnthropic

from harness import API_KEY, GatewayTestCase

HELLO = [{"role": "user", "content": "Say hello."}]
# ceil(10 / 4): the prompt is the text itself.
HELLO_TOKENS = 3
ATTACHMENT_TOKENS = 256
PIXEL = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4"
         "2mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
PDF = "JVBERi0xLjQKJSVFT0YK"
THINKING = {"type": "enabled", "budget_tokens": 2000}


def client(gateway, **options):
    options = {"api_key": API_KEY, "max_retries": 0, "timeout": 20, **options}
    return Anthropic(base_url=gateway.url, **options)


def says(content):
    return [{"role": "user", "content": content}]


def counts(usage):
    """Without our own mark of an estimate, which the stream helper does not take over."""
    return usage.input_tokens, usage.output_tokens, usage.output_tokens_details.thinking_tokens


class MessagesTest(GatewayTestCase):
    client_name = "anthropic (Python)"
    packages = ("anthropic",)
    connect = staticmethod(client)

    def ask(self, messages=HELLO, **options):
        options = {"model": "grok-3", "max_tokens": 4000, **options}
        return self.client.messages.create(messages=messages, **options)

    def prompt(self, messages, **options):
        """The text that reached the upstream, and the paths of the calls."""
        self.simulator.reset()
        self.ask(messages, **options)
        requests = self.simulator.requests()
        # A reset simulator has forgotten files that the gateway has uploaded: it refuses a call that
        # names one, and gets the file again.
        chats = [r["body"]["message"] for r in requests
                 if r["operation"] == "chat" and r["status"] == 200]
        self.assertEqual(len(chats), 1, requests)
        return chats[0], [r["path"] for r in requests]

    def test_a_message_has_every_field(self):
        message = self.ask()
        self.assertTrue(message.id.startswith("msg_"), message.id)
        self.assertEqual((message.type, message.role, message.model),
                         ("message", "assistant", "grok-3"))
        self.assertEqual([block.type for block in message.content], ["text"])
        self.assertIn("## The idea", message.content[0].text)
        self.assertEqual((message.stop_reason, message.stop_sequence), ("end_turn", None))
        self.assertEqual(message.usage.input_tokens, HELLO_TOKENS)
        self.assertGreater(message.usage.output_tokens, 0)
        self.assertEqual(message.usage.cache_creation_input_tokens, 0)
        self.assertEqual(message.usage.cache_read_input_tokens, 0)
        self.assertTrue(message._request_id)

    def test_a_string_and_blocks_say_the_same(self):
        as_string = self.ask()
        as_blocks = self.ask(says([{"type": "text", "text": "Say hello."}]))
        self.assertEqual(as_blocks.content[0].text, as_string.content[0].text)
        self.assertEqual(as_blocks.usage.input_tokens, as_string.usage.input_tokens)

    def test_system_prompts_and_the_history_reach_the_upstream(self):
        history = [*HELLO, {"role": "assistant", "content": "Hello"}, *says("Why?")]
        for system in ["Be brief.",
                       [{"type": "text", "text": "Be brief.",
                         "cache_control": {"type": "ephemeral"}}]]:
            with self.subTest(system=system):
                prompt, _ = self.prompt(history, system=system)
                self.assertEqual(prompt, "system: Be brief.\n\nuser: Say hello.\n\n"
                                         "assistant: Hello\n\nWhy?")

    def test_a_prefilled_answer_is_the_end_of_the_history(self):
        prompt, _ = self.prompt([*HELLO, {"role": "assistant", "content": "Well,"}])
        self.assertEqual(prompt, "Say hello.\n\nassistant: Well,")

    def test_an_answer_can_be_sent_back_as_it_came(self):
        first = self.ask(model="grok-4-thinking", thinking=THINKING)
        self.assertEqual([block.type for block in first.content], ["thinking", "text"])
        prompt, _ = self.prompt([*HELLO, first.to_param(), *says("Why?")])
        self.assertEqual(prompt, f"user: Say hello.\n\nassistant: {first.content[1].text}\n\nWhy?")

    def test_thinking_is_shown_before_the_text_only_if_it_was_asked_for(self):
        shown = self.ask(model="grok-4-thinking", thinking=THINKING)
        thinking, text = shown.content
        self.assertEqual((thinking.type, text.type), ("thinking", "text"))
        self.assertIn('The question is about "Say hello"', thinking.thinking)
        self.assertTrue(thinking.signature)
        self.assertGreater(shown.usage.output_tokens_details.thinking_tokens, 0)
        adaptive = self.ask(model="grok-4-thinking", thinking={"type": "adaptive"})
        self.assertEqual(adaptive.content[0].thinking, thinking.thinking)
        for hidden in [{}, {"thinking": {"type": "disabled"}},
                       {"thinking": {"type": "adaptive", "display": "omitted"}}]:
            with self.subTest(hidden=hidden):
                answer = self.ask(model="grok-4-thinking", **hidden)
                self.assertEqual([block.type for block in answer.content], ["text"])
                self.assertEqual(answer.content[0].text, text.text)

    def test_a_stop_sequence_ends_the_answer_before_it(self):
        whole = self.ask().content[0].text
        stopped = self.ask(stop_sequences=["never said", "## The idea"])
        self.assertEqual((stopped.stop_reason, stopped.stop_sequence),
                         ("stop_sequence", "## The idea"))
        self.assertEqual(stopped.content[0].text, whole.split("## The idea")[0])

    def test_max_tokens_ends_the_answer(self):
        whole = self.ask().content[0].text
        cut = self.ask(max_tokens=5)
        self.assertEqual((cut.stop_reason, cut.stop_sequence), ("max_tokens", None))
        self.assertEqual(cut.content[0].text, whole[:20], "4 characters a token")
        self.assertEqual(cut.usage.output_tokens, 5)

    def test_an_image_is_uploaded(self):
        image = {"type": "image",
                 "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
        message = self.ask(says([{"type": "text", "text": "What is on it?"}, image]))
        self.assertIn("I received your file `file.png`.", message.content[0].text)
        self.assertEqual(message.usage.input_tokens, 4 + ATTACHMENT_TOKENS)
        prompt, paths = self.prompt(says([image]))
        self.assertEqual(prompt, "Refer to the following content:")
        self.assertEqual(paths.count("/http/upload-file-v2/direct"), 1)

    def test_a_pdf_is_uploaded_under_its_title(self):
        document = {"type": "document", "title": "tides.pdf", "context": "From 1901.",
                    "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}}
        blocks = [document, {"type": "text", "text": "Summarise it."}]
        self.assertIn("I received your file `tides.pdf`.", self.ask(says(blocks)).content[0].text)
        prompt, paths = self.prompt(says(blocks))
        self.assertEqual(prompt, "From 1901.\nSummarise it.")
        self.assertEqual(paths.count("/http/upload-file-v2/direct"), 1)

    def test_a_text_document_becomes_part_of_the_prompt(self):
        document = {"type": "document", "title": "Tides",
                    "source": {"type": "text", "media_type": "text/plain", "data": "High at noon."}}
        prompt, paths = self.prompt(says([document, {"type": "text", "text": "When?"}]))
        self.assertEqual(prompt, "[document] Tides\nHigh at noon.\nWhen?")
        self.assertNotIn("/http/upload-file-v2/direct", paths)

    def test_tool_calls_of_the_history_are_told(self):
        prompt, _ = self.prompt([
            *says("Weather?"),
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}}]},
            *says([{"type": "tool_result", "tool_use_id": "toolu_1", "content": "sunny"}]),
            *says("And tomorrow?"),
        ])
        self.assertEqual(prompt, "user: Weather?\n\nassistant: [tool_call] weather {}\n\n"
                                 "tool[weather]#call_1: sunny\n\nAnd tomorrow?")

    def test_what_has_no_effect_is_accepted(self):
        plain = self.ask().content[0].text
        message = self.ask(metadata={"user_id": "u-1"}, service_tier="auto",
                           extra_body={"top_k": 5, "temperature": 1, "top_p": 0.9})
        self.assertEqual(message.content[0].text, plain)

    def test_tokens_are_counted_as_usage_counts_them(self):
        image = {"type": "image",
                 "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
        for options in [{"messages": HELLO}, {"messages": HELLO, "system": "Be brief."},
                        {"messages": says([{"type": "text", "text": "秘鲁的首都?"}, image])}]:
            with self.subTest(options=options):
                counted = self.client.messages.count_tokens(model="grok-3", **options)
                message = self.client.messages.create(model="grok-3", max_tokens=100, **options)
                self.assertEqual(counted.input_tokens, message.usage.input_tokens)
        self.simulator.reset()
        counted = self.client.messages.count_tokens(model="grok-3", messages=HELLO)
        self.assertEqual(counted.input_tokens, HELLO_TOKENS)
        self.assertEqual(self.simulator.requests(), [], "counting asks nobody")

    def test_a_stream_has_every_event_in_order(self):
        events = list(self.ask(stream=True))
        kinds = [event.type for event in events]
        self.assertEqual(kinds[:2], ["message_start", "content_block_start"])
        self.assertEqual(set(kinds[2:-3]), {"content_block_delta"})
        self.assertEqual(kinds[-3:], ["content_block_stop", "message_delta", "message_stop"])
        start = events[0].message
        self.assertTrue(start.id.startswith("msg_"), start.id)
        self.assertEqual((start.content, start.stop_reason, start.usage.input_tokens),
                         ([], None, HELLO_TOKENS))
        self.assertEqual({event.index for event in events[1:-2]}, {0})
        whole = self.ask()
        self.assertEqual("".join(event.delta.text for event in events[2:-3]),
                         whole.content[0].text)
        self.assertEqual(events[-2].delta.stop_reason, "end_turn")
        self.assertEqual(events[-2].usage.output_tokens, whole.usage.output_tokens)

    def test_a_stream_adds_up_to_the_message(self):
        options = {"model": "grok-4-thinking", "max_tokens": 4000, "thinking": THINKING}
        whole = self.ask(**options)
        with self.client.messages.stream(messages=HELLO, **options) as stream:
            text = "".join(stream.text_stream)
            final = stream.get_final_message()
            self.assertTrue(stream.request_id)
        self.assertEqual(text, whole.content[1].text)
        self.assertEqual([block.to_dict() for block in final.content],
                         [block.to_dict() for block in whole.content])
        self.assertEqual(final.stop_reason, whole.stop_reason)
        self.assertEqual(counts(final.usage), counts(whole.usage))

    def test_a_thinking_block_is_signed_before_it_stops(self):
        events = list(self.ask(model="grok-4-thinking", thinking=THINKING, stream=True))
        starts = [(e.index, e.content_block.type) for e in events
                  if e.type == "content_block_start"]
        self.assertEqual(starts, [(0, "thinking"), (1, "text")])
        stop = next(n for n, e in enumerate(events) if e.type == "content_block_stop")
        self.assertEqual((events[stop - 1].index, events[stop - 1].delta.type),
                         (0, "signature_delta"))
        self.assertEqual({e.delta.type for e in events[2:stop - 1]}, {"thinking_delta"})

    def test_a_stream_ends_at_a_stop_sequence_and_at_max_tokens(self):
        for options, expected in [
                ({"stop_sequences": ["## The idea"]}, ("stop_sequence", "## The idea")),
                ({"max_tokens": 5}, ("max_tokens", None))]:
            with self.subTest(options=options):
                options = {"model": "grok-3", "max_tokens": 4000, **options}
                with self.client.messages.stream(messages=HELLO, **options) as stream:
                    final = stream.get_final_message()
                self.assertEqual((final.stop_reason, final.stop_sequence), expected)
                self.assertEqual(final.content[0].text, self.ask(**options).content[0].text)

    def test_async_messages_and_streams_work(self):
        async def both():
            async with AsyncAnthropic(base_url=self.gateway.url, api_key=API_KEY) as api:
                options = {"model": "grok-3", "max_tokens": 4000, "messages": HELLO}
                whole = await api.messages.create(**options)
                events = [e async for e in await api.messages.create(stream=True, **options)]
                async with api.messages.stream(**options) as stream:
                    text = "".join([piece async for piece in stream.text_stream])
                    return whole, events, text, await stream.get_final_message()

        whole, events, text, final = asyncio.run(both())
        self.assertEqual((events[0].type, events[-1].type), ("message_start", "message_stop"))
        self.assertEqual(text, whole.content[0].text)
        self.assertEqual(counts(final.usage), counts(whole.usage))

    def test_the_older_version_and_its_key_header_are_served_too(self):
        body = {"model": "grok-3", "max_tokens": 100, "messages": HELLO, "stream": True}
        request = urllib.request.Request(self.gateway.url + "/v1/messages",
                                         data=json.dumps(body).encode())
        for name, value in [("content-type", "application/json"), ("x-api-key", API_KEY),
                            ("anthropic-version", "2023-06-01")]:
            request.add_header(name, value)
        with urllib.request.urlopen(request, timeout=20) as response:
            self.assertTrue(response.headers["content-type"].startswith("text/event-stream"))
            lines = response.read().decode().splitlines()
        names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
        self.assertEqual(names[:3], ["message_start", "ping", "content_block_start"])
        self.assertEqual(names[-1], "message_stop")
        self.assertNotIn("data: [DONE]", lines)


if __name__ == "__main__":
    unittest.main()
