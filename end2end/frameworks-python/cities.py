"""Two tools in plain Python, and a gateway for frameworks that want an address and a key."""

import asyncio

from openai import AsyncOpenAI

from harness import API_KEY, GatewayTestCase
from tools import ROUND, asks, call, then

MODEL = "grok-3"
THINKING = "grok-4-thinking"
# One after the other: the second call depends on what the first one found.
ROUNDS = asks("What time is it where the weather is best?", call("get_weather", city="Lima"), ROUND,
              call("get_time", city="Lima"), then("It is noon in Lima."))
# Both at once.
BOTH = asks("The weather and the time in Lima?", call("get_weather", city="Lima"),
            call("get_time", city="Lima"), then("It is noon in Lima."))
ANSWER = "It is noon in Lima."
CALLS = [("get_weather", "Lima"), ("get_time", "Lima")]


class CitiesTestCase(GatewayTestCase):
    """`self.ran` is what the tools were called with."""

    @staticmethod
    def connect(gateway):
        return gateway.url + "/v1"

    def setUp(self):
        self.ran, self.apis = [], []

        def get_weather(city: str) -> str:
            """The weather of a city, now.

            Args:
                city: A city.
            """
            self.ran.append(("get_weather", city))
            return "sunny"

        def get_time(city: str) -> str:
            """The time of day in a city.

            Args:
                city: A city.
            """
            self.ran.append(("get_time", city))
            return "noon"

        self.tools = [get_weather, get_time]

    def api(self):
        """An asynchronous client, closed at the end of the next `run_async`."""
        self.apis.append(AsyncOpenAI(base_url=self.client, api_key=API_KEY, max_retries=0,
                                     timeout=20))
        return self.apis[-1]

    def run_async(self, work):
        """Runs a coroutine, within a limit."""
        async def run():
            try:
                return await asyncio.wait_for(work, 30)
            finally:
                while self.apis:
                    await self.apis.pop().close()

        return asyncio.run(run())
