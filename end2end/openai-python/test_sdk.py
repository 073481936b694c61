"""What a user of the official Python client sees: answers, streams, typed errors, timeouts."""

import asyncio
import unittest

import openai
from openai import AsyncOpenAI

from common import HELLO, OpenAiTestCase, client
from harness import API_KEY

LAST_CHAT_MODELS = {"grok-3", "grok-3-mini", "grok-3-thinking", "grok-4", "grok-4-mini",
                    "grok-4-thinking", "grok-4-heavy", "grok-4.1-mini", "grok-4.1-fast",
                    "grok-4.1-expert", "grok-4.1-thinking", "grok-4.20-beta"}
MEDIA_MODELS = {"grok-imagine-1.0", "grok-imagine-1.0-fast", "grok-imagine-1.0-edit",
                "grok-imagine-1.0-video"}


class SdkTest(OpenAiTestCase):
    def test_models_are_listed_and_retrieved(self):
        listed = {model.id for model in self.client.models.list()}
        self.assertEqual(listed, LAST_CHAT_MODELS | MEDIA_MODELS)
        self.assertEqual(self.client.models.retrieve("grok-4.1-fast").id, "grok-4.1-fast")
        with self.assertRaises(openai.NotFoundError) as caught:
            self.client.models.retrieve("gpt-4")
        self.assertEqual(caught.exception.code, "model_not_found")

    def test_every_chat_model_answers(self):
        for model in sorted(LAST_CHAT_MODELS):
            with self.subTest(model=model):
                answer = self.client.chat.completions.create(model=model, messages=HELLO)
                self.assertEqual(answer.object, "chat.completion")
                self.assertEqual(answer.model, model)
                self.assertTrue(answer.choices[0].message.content.strip())
                self.assertEqual(answer.choices[0].finish_reason, "stop")
                self.assertGreater(answer.usage.prompt_tokens, 0)
                self.assertGreater(answer.usage.completion_tokens, 0)
                total = answer.usage.prompt_tokens + answer.usage.completion_tokens
                self.assertEqual(answer.usage.total_tokens, total)

    def test_a_stream_says_what_the_whole_answer_says(self):
        whole = self.client.chat.completions.create(model="grok-3", messages=HELLO)
        chunks = list(self.client.chat.completions.create(
            model="grok-3", messages=HELLO, stream=True, stream_options={"include_usage": True}))
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        self.assertEqual(text, whole.choices[0].message.content)
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        self.assertEqual(len({c.id for c in chunks}), 1, "one id for the whole stream")
        self.assertEqual([c.choices[0].finish_reason for c in chunks if c.choices][-1], "stop")
        self.assertEqual(chunks[-1].choices, [])
        self.assertEqual(chunks[-1].usage.total_tokens, whole.usage.total_tokens)
        # A temporary conversation cannot be continued, so it has no id.
        self.assertFalse(hasattr(chunks[0], "conversation_id"))

    def test_thinking_is_separate_and_can_be_switched_off(self):
        shown = self.client.chat.completions.create(model="grok-4-thinking", messages=HELLO)
        self.assertTrue(shown.choices[0].message.reasoning_content)
        self.assertGreater(shown.usage.completion_tokens_details.reasoning_tokens, 0)
        hidden = self.client.chat.completions.create(
            model="grok-4-thinking", messages=HELLO, reasoning_effort="none")
        self.assertIsNone(getattr(hidden.choices[0].message, "reasoning_content", None))
        chunks = self.client.chat.completions.create(
            model="grok-4-thinking", messages=HELLO, stream=True)
        reasoning = "".join(
            getattr(c.choices[0].delta, "reasoning_content", None) or "" for c in chunks)
        self.assertEqual(reasoning, shown.choices[0].message.reasoning_content)

    def test_an_async_stream_works(self):
        async def read():
            async with AsyncOpenAI(base_url=self.gateway.url + "/v1", api_key=API_KEY) as api:
                stream = await api.chat.completions.create(
                    model="grok-4", messages=HELLO, stream=True)
                return [chunk async for chunk in stream]

        chunks = asyncio.run(read())
        self.assertTrue("".join(c.choices[0].delta.content or "" for c in chunks).strip())

    def test_a_wrong_key_is_an_authentication_error(self):
        with client(self.gateway, api_key="sk-wrong") as api:
            with self.assertRaises(openai.AuthenticationError) as caught:
                api.models.list()
        self.assertEqual(caught.exception.code, "invalid_api_key")

    def test_bad_parameters_are_bad_requests_that_name_the_field(self):
        cases = [
            ({"temperature": 3}, "temperature", "invalid_temperature"),
            ({"top_p": -1}, "top_p", "invalid_top_p"),
            ({"n": 0}, "n", "invalid_n"),
            ({"reasoning_effort": "huge"}, "reasoning_effort", "invalid_reasoning_effort"),
            ({"messages": []}, "messages", None),
            ({"messages": [{"role": "wizard", "content": "x"}]}, "messages.0.role", "invalid_role"),
            ({"tools": [{"type": "function", "function": {}}]},
             "tools.0.function.name", "missing_function_name"),
        ]
        for change, param, code in cases:
            with self.subTest(change=change), self.assertRaises(openai.BadRequestError) as caught:
                self.client.chat.completions.create(
                    **{"model": "grok-4", "messages": HELLO, **change})
            self.assertEqual(caught.exception.param, param)
            if code:
                self.assertEqual(caught.exception.code, code)
            self.assertEqual(caught.exception.body["request_id"], caught.exception.request_id)

    def test_an_unknown_model_is_not_found(self):
        with self.assertRaises(openai.NotFoundError) as caught:
            self.client.chat.completions.create(model="gpt-4o", messages=HELLO)
        self.assertEqual((caught.exception.code, caught.exception.param),
                         ("model_not_found", "model"))

    def test_a_rate_limited_pool_is_a_rate_limit_error_with_a_time(self):
        gateway, api = self.with_account("lonely-429-1")
        with self.assertRaises(openai.RateLimitError) as caught:
            api.chat.completions.create(model="grok-4", messages=HELLO)
        self.assertGreater(int(caught.exception.response.headers["retry-after"]), 0)
        with self.assertRaises(openai.RateLimitError) as caught:
            api.chat.completions.create(model="grok-4", messages=HELLO)
        self.assertIn("1 cooling until", caught.exception.message)
        self.assertEqual(gateway.readiness()["pool"]["cooling"], 1)

    def test_a_server_error_is_an_internal_server_error_of_the_client(self):
        _, api = self.with_account("broken-502-1")
        with self.assertRaises(openai.InternalServerError) as caught:
            api.chat.completions.create(model="grok-4", messages=HELLO)
        self.assertEqual(caught.exception.status_code, 502)
        self.assertEqual(caught.exception.code, "upstream_unavailable")

    def test_moderation_is_a_content_policy_error(self):
        _, api = self.with_account("judged-moderated-1")
        with self.assertRaises(openai.BadRequestError) as caught:
            api.chat.completions.create(model="grok-4", messages=HELLO)
        self.assertEqual(caught.exception.code, "content_policy_violation")

    def test_an_error_inside_a_stream_is_raised_by_the_client(self):
        _, api = self.with_account("breaking-cut-1")
        received = []
        with self.assertRaises(openai.APIError) as caught:
            for chunk in api.chat.completions.create(model="grok-4", messages=HELLO, stream=True):
                received.append(chunk)
        self.assertTrue(received, "what came before the cut was delivered")
        self.assertEqual(caught.exception.code, "upstream_interrupted")

    def test_a_silent_upstream_is_a_gateway_timeout(self):
        _, api = self.with_account("mute-hang-1", CHAT__STREAM_FIRST_TIMEOUT=1)
        with self.assertRaises(openai.InternalServerError) as caught:
            api.chat.completions.create(model="grok-4", messages=HELLO)
        self.assertEqual((caught.exception.status_code, caught.exception.code),
                         (504, "stream_first_timeout"))

    def test_the_clients_own_timeout_frees_the_account(self):
        gateway, api = self.with_account("patient-hang-1")
        with self.assertRaises(openai.APITimeoutError):
            api.with_options(timeout=0.5).chat.completions.create(model="grok-4", messages=HELLO)
        gateway.wait_until(lambda r: r["pool"]["leases"] == 0, "the lease was not freed")

    def test_a_cancelled_stream_frees_the_account(self):
        gateway, api = self.with_account("patient-stall-1")
        stream = api.chat.completions.create(model="grok-4", messages=HELLO, stream=True)
        next(iter(stream))
        self.assertEqual(gateway.readiness()["pool"]["leases"], 1)
        stream.close()
        gateway.wait_until(lambda r: r["pool"]["leases"] == 0 and r["in_flight"] == 0,
                           "the lease was not freed")

    def test_images_and_files_reach_the_upstream(self):
        self.simulator.reset()
        pixel = ("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4"
                 "2mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
        content = [{"type": "text", "text": "What is on it?"},
                   {"type": "image_url", "image_url": {"url": pixel}},
                   {"type": "file", "file": {"file_data": "data:text/plain;base64,aGVsbG8="}}]
        answer = self.client.chat.completions.create(
            model="grok-4", messages=[{"role": "user", "content": content}])
        self.assertTrue(answer.choices[0].message.content)
        paths = [request["path"] for request in self.simulator.requests()]
        self.assertEqual(paths.count("/http/upload-file-v2/direct"), 2)


if __name__ == "__main__":
    unittest.main()
