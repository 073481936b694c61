"""What a user of the official Python client gets for a prompt: real pictures, by a real decoder."""

import base64
import io
import re
import unittest
import urllib.request

import openai
from openai import OpenAI
from PIL import Image

from harness import API_KEY, GatewayTestCase


def client(gateway, **options):
    options = {"api_key": API_KEY, "max_retries": 0, "timeout": 60, **options}
    return OpenAI(base_url=gateway.url + "/v1", **options)


def decoded(file):
    image = Image.open(io.BytesIO(file))
    image.load()
    return image


def png(colour):
    file = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(file, "PNG")
    return file.getvalue()


class ImagesTest(GatewayTestCase):
    client_name = "openai (Python)"
    packages = ("openai",)
    connect = staticmethod(client)

    def test_an_image_is_a_file_at_an_address(self):
        answer = self.client.images.generate(prompt="a red fox", size="1792x1024")
        with urllib.request.urlopen(answer.data[0].url, timeout=20) as response:
            self.assertEqual(response.headers["content-type"], "image/jpeg")
            image = decoded(response.read())
        self.assertEqual((image.format, image.size), ("JPEG", (1248, 832)))
        self.assertGreater(answer.usage.input_tokens, 0)
        self.assertGreater(answer.usage.output_tokens, 0)

    def test_three_images_as_base64_differ(self):
        answer = self.client.images.generate(
            model="grok-imagine-1.0", prompt="an owl", n=3, response_format="b64_json")
        files = [base64.b64decode(image.b64_json) for image in answer.data]
        self.assertEqual(len(set(files)), 3)
        for file in files:
            self.assertEqual(decoded(file).size, (1024, 1024))

    def test_a_stream_sharpens(self):
        events = list(self.client.images.generate(
            model="grok-imagine-1.0", prompt="a lake", stream=True, partial_images=2))
        kinds = [event.type for event in events]
        partial = "image_generation.partial_image"
        self.assertEqual(kinds, [partial, partial, "image_generation.completed"])
        widths = [decoded(base64.b64decode(event.b64_json)).width for event in events]
        self.assertEqual(widths, [256, 512, 1024])
        self.assertEqual([event.partial_image_index for event in events[:2]], [0, 1])

    def test_a_picture_that_a_chat_makes_opens_by_its_link(self):
        messages = [{"role": "user", "content": "Draw a red fox."}]
        whole = self.client.chat.completions.create(model="grok-3", messages=messages)
        chunks = self.client.chat.completions.create(
            model="grok-3", messages=messages, stream=True)
        streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        for text in (whole.choices[0].message.content, streamed):
            links = re.findall(r"!\[image\]\((http[^)]+)\)", text)
            self.assertEqual(len(links), 2, text)
            for link in links:
                with urllib.request.urlopen(link, timeout=20) as response:
                    self.assertEqual(decoded(response.read()).format, "JPEG")

    def test_a_moderated_prompt_is_a_typed_error(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.images.generate(prompt="something moderated")
        self.assertEqual(caught.exception.code, "content_policy_violation")

    def test_an_image_is_edited(self):
        answer = self.client.images.edit(
            image=("cat.png", png("red"), "image/png"), prompt="make it night", size="1536x1024")
        with urllib.request.urlopen(answer.data[0].url, timeout=20) as response:
            image = decoded(response.read())
        self.assertEqual((image.format, image.size), ("JPEG", (1248, 832)))
        self.assertGreater(answer.usage.output_tokens, 0)

    def test_several_images_become_several_edits(self):
        files = [("a.png", png("red"), "image/png"), ("b.png", png("blue"), "image/png")]
        answer = self.client.images.edit(
            model="grok-imagine-1.0-edit", image=files, prompt="put them together", n=2,
            response_format="b64_json")
        edits = {image.b64_json for image in answer.data}
        self.assertEqual(len(edits), 2)
        for text in edits:
            self.assertEqual(decoded(base64.b64decode(text)).format, "JPEG")

    def test_an_edit_as_a_stream_ends_with_the_image(self):
        events = list(self.client.images.edit(
            image=png("green"), prompt="x", stream=True))
        # How far it is: nothing that a client could take for a picture.
        self.assertEqual({event.type for event in events[:-1]}, {"image_edit.progress"})
        self.assertEqual(events[-1].type, "image_edit.completed")
        self.assertEqual(decoded(base64.b64decode(events[-1].b64_json)).size, (1024, 1024))

    def test_a_mask_is_refused_clearly(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.images.edit(image=png("red"), mask=png("blue"), prompt="x")
        self.assertEqual(caught.exception.param, "mask")

    def test_mistakes_name_their_field(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.images.generate(prompt="x", size="10x10")
        self.assertEqual((caught.exception.code, caught.exception.param), ("invalid_size", "size"))


if __name__ == "__main__":
    unittest.main()
