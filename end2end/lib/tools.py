"""Tools that tests declare, and how a question tells the simulator what to do with them.

The simulator reads scripts in the last question (crates/grok-sim): which calls it makes, round after
round, and what it says once it has their results.
"""

import json

CITY = {"type": "string", "description": "A city."}
WEATHER = {"type": "object", "properties": {
    "city": CITY, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
    "required": ["city", "unit"], "additionalProperties": False}
TIME = {"type": "object", "properties": {"city": CITY}, "required": ["city"],
        "additionalProperties": False}

WEATHER_ABOUT = "The weather of a city, now."
TIME_ABOUT = "The time of day in a city."


def call(name, **arguments):
    return f"[[call {name} {json.dumps(arguments)}]]"


def bad_call(name, **arguments):
    """This call first; when it is asked to correct it, one that fits the schema."""
    return f"[[bad_call {name} {json.dumps(arguments)}]]"


def broken(name, **arguments):
    """This call with JSON that has to be repaired."""
    return f"[[broken {name} {json.dumps(arguments)}]]"


def then(text):
    return f"[[then {text}]]"


ROUND = "[[round]]"


def asks(question, *script):
    """The question, with its script behind it."""
    return " ".join([question, *script])
