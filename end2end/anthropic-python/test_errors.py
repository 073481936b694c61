"""What a user of the official Python client sees when something goes wrong."""

import unittest

import anthropic

from harness import GatewayTestCase
from test_messages import HELLO, client, says


class ErrorsTest(GatewayTestCase):
    client_name = "anthropic (Python)"
    packages = ("anthropic",)
    accounts = ["plain-basic-1"]
    connect = staticmethod(client)

    def ask(self, api, **options):
        options = {"model": "grok-3", "max_tokens": 4000, "messages": HELLO, **options}
        return api.messages.create(**options)

    def refusal(self, kind, api, **options):
        with self.assertRaises(kind) as caught:
            self.ask(api, **options)
        error = caught.exception
        self.assertEqual(error.body["type"], "error")
        self.assertTrue(error.request_id)
        self.assertEqual(error.body["request_id"], error.request_id)
        return error

    def test_bad_requests_name_the_place(self):
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png",
                                             "data": "no base64!"}}
        cases = [
            ({"messages": []}, "messages: "),
            ({"max_tokens": 0}, "max_tokens: "),
            ({"extra_body": {"temperature": 1.5}}, "temperature: "),
            ({"messages": [{"role": "wizard", "content": "x"}]}, "messages.0.role: "),
            ({"messages": says([{"type": "wand"}])}, "messages.0.content.0.type: "),
            ({"messages": says([image])}, "messages.0.content.0.source.data: "),
            ({"thinking": {"type": "enabled", "budget_tokens": 4000}}, "thinking.budget_tokens: "),
            ({"stop_sequences": [" "]}, "stop_sequences.0: "),
            ({"tools": [{"type": "bash_20250124", "name": "bash"}]}, "tools.0.type: "),
            ({"extra_body": {"mcp_servers": [{"type": "url"}]}}, "mcp_servers: "),
            ({"tools": [{"name": "no spaces!", "input_schema": {"type": "object"}}]}, "tools.0.name"),
        ]
        for options, start in cases:
            with self.subTest(options=options):
                error = self.refusal(anthropic.BadRequestError, self.client, **options)
                self.assertEqual(error.type, "invalid_request_error")
                self.assertTrue(error.api_message.startswith(start), error.api_message)

    def test_a_url_that_may_not_be_fetched_is_a_bad_request(self):
        # No URL on this machine may be fetched, so a picture that is served cannot be tried here.
        source = {"type": "url", "url": self.simulator.url + "/1.png"}
        blocks = [{"type": "image", "source": source}]
        error = self.refusal(anthropic.BadRequestError, self.client, messages=says(blocks))
        self.assertIn("messages.0.content.0.source.url", error.api_message)

    def test_counting_has_the_same_errors(self):
        with self.assertRaises(anthropic.BadRequestError) as caught:
            self.client.messages.count_tokens(model="grok-3", messages=[])
        self.assertTrue(caught.exception.api_message.startswith("messages: "))
        with self.assertRaises(anthropic.NotFoundError):
            self.client.messages.count_tokens(model="claude-none", messages=HELLO)

    def test_a_wrong_key_is_an_authentication_error(self):
        with client(self.gateway, api_key="sk-wrong") as api:
            error = self.refusal(anthropic.AuthenticationError, api)
            self.assertEqual(error.type, "authentication_error")
            with self.assertRaises(anthropic.AuthenticationError):
                api.messages.count_tokens(model="grok-3", messages=HELLO)

    def test_an_unknown_model_is_not_found(self):
        error = self.refusal(anthropic.NotFoundError, self.client, model="claude-none")
        self.assertEqual(error.type, "not_found_error")
        self.assertIn("claude-none", error.api_message)

    def test_a_rate_limited_pool_is_a_rate_limit_error_with_a_time(self):
        gateway, api = self.with_account("lonely-429-1")
        error = self.refusal(anthropic.RateLimitError, api)
        self.assertEqual(error.type, "rate_limit_error")
        self.assertGreater(int(error.response.headers["retry-after"]), 0)
        self.assertEqual(gateway.readiness()["pool"]["cooling"], 1)

    def test_a_server_error_is_an_internal_server_error_of_the_client(self):
        _, api = self.with_account("broken-502-1")
        error = self.refusal(anthropic.InternalServerError, api)
        self.assertEqual((error.status_code, error.type), (502, "api_error"))

    def test_moderation_is_a_bad_request(self):
        _, api = self.with_account("judged-moderated-1")
        error = self.refusal(anthropic.BadRequestError, api)
        self.assertEqual(error.type, "invalid_request_error")

    def test_a_silent_upstream_is_a_gateway_timeout(self):
        _, api = self.with_account("mute-hang-1", CHAT__STREAM_FIRST_TIMEOUT=1)
        error = self.refusal(anthropic.GatewayTimeoutError, api)
        self.assertEqual(error.type, "timeout_error")

    def test_an_error_inside_a_stream_is_raised_by_the_client(self):
        _, api = self.with_account("breaking-cut-1")
        received = []
        with self.assertRaises(anthropic.APIStatusError) as caught:
            for event in self.ask(api, stream=True):
                received.append(event.type)
        self.assertIn("content_block_delta", received, "what came before the cut was delivered")
        self.assertNotIn("message_stop", received)
        self.assertEqual((caught.exception.status_code, caught.exception.type), (200, "api_error"))
        self.assertTrue(caught.exception.body["request_id"])

    def test_an_upstream_that_goes_silent_is_a_timeout_inside_the_stream(self):
        _, api = self.with_account("quiet-stall-1", CHAT__STREAM_TIMEOUT=1)
        with self.assertRaises(anthropic.APIStatusError) as caught:
            list(self.ask(api, stream=True))
        self.assertEqual(caught.exception.type, "timeout_error")

    def test_the_clients_own_timeout_frees_the_account(self):
        gateway, api = self.with_account("patient-hang-1")
        with self.assertRaises(anthropic.APITimeoutError):
            self.ask(api.with_options(timeout=0.5))
        gateway.wait_until(lambda r: r["pool"]["leases"] == 0, "the lease was not freed")

    def test_a_cancelled_stream_frees_the_account(self):
        gateway, api = self.with_account("patient-stall-1")
        stream = self.ask(api, stream=True)
        next(iter(stream))
        self.assertEqual(gateway.readiness()["pool"]["leases"], 1)
        stream.close()
        gateway.wait_until(lambda r: r["pool"]["leases"] == 0 and r["in_flight"] == 0,
                           "the lease was not freed")


if __name__ == "__main__":
    unittest.main()
