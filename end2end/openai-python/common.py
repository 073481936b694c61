"""What the tests of the official Python client share."""

from openai import OpenAI

from harness import API_KEY, GatewayTestCase
from tools import TIME, TIME_ABOUT, WEATHER, WEATHER_ABOUT

MODEL = "grok-3"
HELLO = [{"role": "user", "content": "Say hello."}]


def client(gateway, **options):
    options = {"api_key": API_KEY, "max_retries": 0, "timeout": 20, **options}
    return OpenAI(base_url=gateway.url + "/v1", **options)


def function(name, about, parameters):
    return {"type": "function",
            "function": {"name": name, "description": about, "parameters": parameters}}


GET_WEATHER = function("get_weather", WEATHER_ABOUT, WEATHER)
GET_TIME = function("get_time", TIME_ABOUT, TIME)
TOOLS = [GET_WEATHER, GET_TIME]


def says(text):
    return [{"role": "user", "content": text}]


class OpenAiTestCase(GatewayTestCase):
    client_name = "openai (Python)"
    packages = ("openai",)
    connect = staticmethod(client)

    def ask(self, messages, **options):
        if isinstance(messages, str):
            messages = says(messages)
        return self.client.chat.completions.create(
            **{"model": MODEL, "messages": messages, **options})
