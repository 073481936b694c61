"""`/mcp`, as a program with the official Python SDK of the Model Context Protocol sees it."""

import asyncio
import base64
import contextlib
import io
import unittest
import urllib.error
import urllib.request

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from PIL import Image

from harness import Gateway, GatewayTestCase

MCP_KEY = "mcp-test-key"
LIMIT_SECS = 40


@contextlib.asynccontextmanager
async def session(url, key=MCP_KEY, mode="auto"):
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"},
                                  timeout=LIMIT_SECS) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode,
                          read_timeout_seconds=LIMIT_SECS) as client:
            yield client


class McpTest(GatewayTestCase):
    client_name = "MCP (Python SDK)"
    packages = ("mcp",)
    settings = {"MCP__ENABLED": "true", "MCP__API_KEY": MCP_KEY}

    @staticmethod
    def connect(gateway):
        return gateway.url + "/mcp"

    def use(self, work, **options):
        """Runs `work(client)` in a session."""
        async def run():
            async with session(self.client, **options) as client:
                return await work(client)

        return asyncio.run(asyncio.wait_for(run(), LIMIT_SECS))

    def call(self, name, progress=None, **arguments):
        async def heard(done, total, message):
            progress.append(done)

        callback = heard if progress is not None else None
        return self.use(lambda client: client.call_tool(
            name, arguments, progress_callback=callback))

    def text_of(self, result):
        self.assertFalse(result.is_error, result)
        return "".join(block.text for block in result.content if block.type == "text")

    def test_tools_are_listed_with_their_arguments(self):
        listed = self.use(lambda client: client.list_tools()).tools
        required = {one.name: one.input_schema.get("required", []) for one in listed}
        self.assertEqual(required, {"ask_grok": ["query"], "generate_image": ["prompt"],
                                    "search": ["query"]})
        for one in listed:
            self.assertTrue(one.description, one.name)

    def test_the_older_handshake_works_too(self):
        listed = self.use(lambda client: client.list_tools(), mode="legacy").tools
        self.assertEqual(len(listed), 3)

    def test_grok_answers(self):
        progress = []
        result = self.call("ask_grok", progress, query="Say hello.", model="grok-4-thinking",
                           system_prompt="Be brief.")
        self.assertIn("## The idea", self.text_of(result))
        self.assertTrue(progress)
        self.assertEqual(progress, sorted(progress), "progress grows")
        self.assertEqual(self.simulator.prompts()[-1], "system: Be brief.\n\nSay hello.")

    def test_an_image_is_made(self):
        progress = []
        result = self.call("generate_image", progress, prompt="a red fox")
        self.assertFalse(result.is_error, result)
        images = [block for block in result.content if block.type == "image"]
        self.assertEqual(len(images), 1)
        image = Image.open(io.BytesIO(base64.b64decode(images[0].data)))
        self.assertEqual((image.format, images[0].mime_type), ("JPEG", "image/jpeg"))
        self.assertTrue(progress)

    def test_a_search_has_sources(self):
        result = self.call("search", query="When is high tide? [[search tide tables]]")
        self.assertTrue(self.text_of(result).strip())
        found = result.structured_content
        self.assertTrue(found["answer"])
        self.assertTrue(found["sources"])
        for source in found["sources"]:
            self.assertTrue(source["url"].startswith("http"), source)

    def test_several_calls_in_one_session(self):
        async def both(client):
            first = client.call_tool("ask_grok", {"query": "Say hello."})
            second = client.call_tool("ask_grok", {"query": "Name the tides."})
            return await asyncio.gather(first, second)

        for result in self.use(both):
            self.assertTrue(self.text_of(result).strip())

    def test_mistakes_are_said_to_the_model(self):
        result = self.call("ask_grok", query="Say hello.", model="gpt-4")
        self.assertTrue(result.is_error)
        self.assertIn("gpt-4", result.content[0].text)

    def test_a_wrong_key_is_refused(self):
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(self.client, data=b"{}", headers={
                "authorization": "Bearer sk-wrong", "content-type": "application/json",
                "accept": "application/json, text/event-stream"}), timeout=10)
        self.assertEqual(caught.exception.code, 401)
        self.assertIn("Bearer", caught.exception.headers["www-authenticate"])
        caught.exception.close()
        with self.assertRaises(BaseException):
            self.use(lambda client: client.list_tools(), key="sk-wrong")

    def test_it_is_off_unless_it_is_switched_on(self):
        gateway = Gateway(self.simulator.url, ["plain-basic-1"])
        self.addCleanup(gateway.stop)
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(
                gateway.url + "/mcp", data=b"{}", headers={
                    "authorization": f"Bearer {MCP_KEY}", "content-type": "application/json"}),
                timeout=10)
        self.assertIn(caught.exception.code, (404, 405))
        caught.exception.close()


if __name__ == "__main__":
    unittest.main()
