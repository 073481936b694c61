"""Instructor, in the modes that its users choose for servers like this one."""

import unittest
from collections.abc import Iterable

import instructor
from instructor.core import InstructorRetryException
from openai import OpenAI
from pydantic import BaseModel

from harness import API_KEY, GatewayTestCase

MODEL = "grok-3"


class Person(BaseModel):
    """A person."""

    name: str
    age: int


class InstructorTest(GatewayTestCase):
    client_name = "Instructor"
    packages = ("instructor", "openai")

    @staticmethod
    def connect(gateway):
        return OpenAI(base_url=gateway.url + "/v1", api_key=API_KEY, max_retries=0, timeout=20)

    def ask(self, mode, text="Tell about Nina.", model=Person, **options):
        api = instructor.from_openai(self.client, mode=mode)
        return api.chat.completions.create(
            model=MODEL, response_model=model, max_retries=0,
            messages=[{"role": "user", "content": text}], **options)

    def test_a_model_by_calls_and_by_schemas(self):
        for mode in [instructor.Mode.TOOLS, instructor.Mode.TOOLS_STRICT,
                     instructor.Mode.JSON_SCHEMA]:
            with self.subTest(mode=mode):
                self.assertIsInstance(self.ask(mode), Person)

    def test_a_model_from_a_json_object(self):
        # The simulator reads a schema where the API has a place for it, not in prose.
        person = self.ask(instructor.Mode.JSON, 'Who? [[json {"name": "Nina", "age": 41}]]')
        self.assertEqual(person.model_dump(), {"name": "Nina", "age": 41})

    def test_a_model_from_the_responses_api(self):
        self.assertIsInstance(self.ask(instructor.Mode.RESPONSES_TOOLS), Person)

    def test_a_partial_model_grows(self):
        api = instructor.from_openai(self.client, mode=instructor.Mode.TOOLS)
        steps = list(api.chat.completions.create_partial(
            model=MODEL, response_model=Person, max_retries=0,
            messages=[{"role": "user", "content": "Tell about Nina."}]))
        self.assertTrue(steps)
        self.assertIsInstance(steps[-1].name, str)
        self.assertIsInstance(steps[-1].age, int)

    def test_a_list_of_models(self):
        people = self.ask(instructor.Mode.TOOLS, model=Iterable[Person])
        self.assertTrue(all(isinstance(person, Person) for person in people))

    def test_what_never_fits_is_an_error_and_not_a_model(self):
        with self.assertRaises(InstructorRetryException):
            self.ask(instructor.Mode.JSON_SCHEMA, 'Who? [[worst_json {"name": 5}]]')


if __name__ == "__main__":
    unittest.main()
