"""Starts the real binary as simulator and as gateway, on free ports and in a temporary folder."""

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

BINARY = os.environ["GROK2API_BIN"]
START_LIMIT_SECS = 30
API_KEY = "sk-test-python"


class Simulator:
    """`grok2api sim`. The names of accounts say how they behave (crates/grok-sim/src/names.rs)."""

    def __init__(self, *pace):
        pace = pace or ("--pace", "full")
        self.process = subprocess.Popen(
            [BINARY, "sim", "--listen", "127.0.0.1:0", *pace],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.url = self.process.stdout.readline().split()[-1]

    def requests(self):
        return self._call("/__sim/requests")["requests"]

    def prompts(self):
        """The texts of the chats that reached it, oldest first."""
        return [request["body"]["message"] for request in self.requests()
                if request["operation"] == "chat" and request["status"] == 200]

    def script(self, *replies, account="*", operation="chat"):
        """What the next calls get: objects with a `kind` (crates/grok-sim/src/reply.rs)."""
        body = {"account": account, "operation": operation, "replies": replies}
        self._call("/__sim/script", json.dumps(body).encode())

    def reset(self):
        self._call("/__sim/reset", b"{}")

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()

    def _call(self, path, body=None):
        request = urllib.request.Request(self.url + path, data=body)
        request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as response:
            text = response.read()
        return json.loads(text) if text else None


def base_environment(data):
    environment = {name: value for name, value in os.environ.items()
                   if name.lower() != "https_proxy"}
    return {**environment, "DATA_DIR": str(data), "SERVER_HOST": "127.0.0.1", "SERVER_PORT": "0",
            "LOG_LEVEL": "debug"}


class Gateway:
    """`grok2api serve` with the given accounts."""

    def __init__(self, upstream, accounts, **settings):
        self.folder = tempfile.TemporaryDirectory()
        data = Path(self.folder.name)
        token_json = {"ssoBasic": [a for a in accounts if "super" not in a],
                      "ssoSuper": [a for a in accounts if "super" in a]}
        (data / "token.json").write_text(json.dumps(token_json))
        environment = {
            **base_environment(data),
            "GROK2API_APP__API_KEY": API_KEY,
            "GROK2API_UPSTREAM__WEB_URL": upstream,
            "GROK2API_UPSTREAM__ASSETS_URL": upstream,
            "GROK2API_UPSTREAM__ACCOUNTS_URL": upstream,
            **{f"GROK2API_{key}": str(value) for key, value in settings.items()},
        }
        self.data = data
        self.log = open(data / "log", "wb")
        self.process = subprocess.Popen(
            [BINARY, "serve"], env=environment, stdout=self.log, stderr=self.log
        )
        self.url = f"http://{self._address(data / 'server.addr')}"

    def _address(self, file):
        deadline = time.monotonic() + START_LIMIT_SECS
        while time.monotonic() < deadline:
            if file.exists() and file.read_text().endswith("\n"):
                return file.read_text().strip()
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError("the gateway did not start: " + Path(self.log.name).read_text())

    def readiness(self):
        with urllib.request.urlopen(self.url + "/readyz", timeout=10) as response:
            return json.load(response)

    def wait_until(self, is_so, what, limit_secs=10):
        """Polls /readyz until `is_so(readiness)`; fails with `what`."""
        deadline = time.monotonic() + limit_secs
        while True:
            readiness = self.readiness()
            if is_so(readiness):
                return readiness
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}: {readiness}")
            time.sleep(0.02)

    def logged(self):
        return (self.data / "log").read_text()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        self.log.close()
        self.folder.cleanup()
        return code


class GatewayTestCase(unittest.TestCase):
    """A simulator, a gateway with `accounts` and a client of it for the tests of a class.

    With a `client_name` its tests are rows of docs/clients.md, under that heading; `packages` are what
    they were run with.
    """

    accounts = ["plain-basic-1", "plain-super-1"]
    settings = {}
    client_name = None
    packages = ()

    @staticmethod
    def connect(gateway):
        """The official client under test."""
        raise NotImplementedError

    @classmethod
    def setUpClass(cls):
        cls.simulator = Simulator()
        cls.addClassCleanup(cls.simulator.stop)
        cls.gateway = Gateway(cls.simulator.url, cls.accounts, **cls.settings)
        cls.addClassCleanup(cls.gateway.stop)
        cls.client = cls.connect(cls.gateway)
        cls.addClassCleanup(cls.disconnect, cls.client)

    @classmethod
    def disconnect(cls, client):
        if hasattr(client, "close"):
            client.close()

    def with_account(self, name, **settings):
        gateway = Gateway(self.simulator.url, [name], **settings)
        self.addCleanup(gateway.stop)
        api = self.connect(gateway)
        self.addCleanup(self.disconnect, api)
        return gateway, api
