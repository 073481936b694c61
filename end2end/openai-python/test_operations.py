"""What an operator sees: a drain that loses nothing, a closed door, clear refusals to start."""

import http.client
import json
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

import openai
from openai import OpenAI

from harness import API_KEY, BINARY, Gateway, Simulator, base_environment

HELLO = [{"role": "user", "content": "Say hello."}]


def refuse_to_start(data, code=1, **environment):
    """Runs `serve`, which must fail with this exit code; returns what it said."""
    run = subprocess.run([BINARY, "serve"], env={**base_environment(data), **environment},
                         capture_output=True, text=True, timeout=30)
    assert run.returncode == code, run
    return run.stderr


class OperationsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = Path(folder.name)

    def start(self, *pace, accounts=("plain-basic-1",), **settings):
        simulator = Simulator(*pace)
        self.addCleanup(simulator.stop)
        gateway = Gateway(simulator.url, list(accounts), **settings)
        self.addCleanup(gateway.stop)
        api = OpenAI(base_url=gateway.url + "/v1", api_key=API_KEY, max_retries=0, timeout=20)
        self.addCleanup(api.close)
        return gateway, api

    def test_a_drain_finishes_streams_and_refuses_new_requests(self):
        gateway, api = self.start("--interval-ms", "30")
        stream = iter(api.chat.completions.create(model="grok-3", messages=HELLO, stream=True))
        chunks = [next(stream)]
        gateway.process.send_signal(signal.SIGTERM)
        with self.assertRaises(openai.InternalServerError) as caught:
            while True:
                api.models.list()
        self.assertEqual((caught.exception.status_code, caught.exception.code),
                         (503, "shutting_down"))
        self.assertIn("retry-after", caught.exception.response.headers)
        chunks.extend(stream)
        self.assertEqual(chunks[-1].choices[0].finish_reason, "stop")
        self.assertEqual(gateway.process.wait(10), 0)

    def test_a_second_signal_ends_at_once(self):
        gateway, api = self.start(accounts=["patient-stall-1"])
        stream = api.chat.completions.create(model="grok-3", messages=HELLO, stream=True)
        self.addCleanup(stream.close)
        next(iter(stream))
        gateway.process.send_signal(signal.SIGTERM)
        with self.assertRaises(subprocess.TimeoutExpired):
            gateway.process.wait(0.5)
        gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(gateway.process.wait(8), 0)

    def test_an_open_api_may_not_leave_the_machine(self):
        said = refuse_to_start(self.data, SERVER_HOST="0.0.0.0")
        self.assertIn("GROK2API_APP__API_KEY", said)
        self.assertIn("SERVER_HOST=127.0.0.1", said)

    def test_all_mistakes_in_the_configuration_are_reported_at_once(self):
        said = refuse_to_start(self.data, GROK2API_CHAT__CONCURRENT="many",
                               GROK2API_RETRY__MAX_RETRIES="3", SERVER_PORT="99999")
        for word in ["chat.concurrent", "max_retries", "max_retry", "port", "65535"]:
            self.assertIn(word, said)

    def test_two_processes_never_share_a_data_folder(self):
        gateway, _ = self.start()
        said = refuse_to_start(gateway.data, code=2)
        self.assertIn(str(gateway.process.pid), said)
        self.assertEqual(gateway.readiness()["status"], "ready")

    def test_no_secret_is_logged_or_stored_in_the_clear(self):
        gateway, api = self.start(accounts=["secretive-cookie-7f3a91"])
        api.chat.completions.create(model="grok-3", messages=HELLO)
        with self.assertRaises(openai.AuthenticationError):
            api.with_options(api_key="sk-wrong-8842").models.list()
        logged = gateway.logged()
        self.assertIn("request_id", logged)
        for secret in ["secretive-cookie-7f3a91", API_KEY, "sk-wrong-8842", "Say hello."]:
            self.assertNotIn(secret, logged)
        for file in gateway.data.glob("grok2api.db*"):
            self.assertNotIn(b"secretive-cookie-7f3a91", file.read_bytes())

    def test_a_refused_request_does_not_break_the_next_one(self):
        gateway, _ = self.start()
        connection = http.client.HTTPConnection(gateway.url.removeprefix("http://"), timeout=10)
        self.addCleanup(connection.close)
        body = json.dumps({"model": "grok-3", "messages": HELLO})
        for _ in range(300):
            # Head and body are two writes, so the refusal may be there before the body is. A server
            # that does not read it has to say that the connection ends.
            connection.request("POST", "/v1/chat/completions", body,
                               {"authorization": "Bearer sk-wrong", "content-type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, 401)

    def test_the_admin_password_is_set_from_standard_input(self):
        environment = base_environment(self.data)

        def set_password(text):
            return subprocess.run([BINARY, "admin", "set-password"], env=environment, input=text,
                                  capture_output=True, text=True, timeout=30)

        self.assertIn("at least 10", set_password("short\n").stderr)
        self.assertIn("default", set_password("grok2api\n").stderr)
        self.assertEqual(set_password("a much longer one\n").returncode, 0)


if __name__ == "__main__":
    unittest.main()
