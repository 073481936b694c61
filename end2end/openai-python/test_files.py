"""Files by id, as the official Python client sees them."""

import base64
import unittest

import openai

from common import MODEL, OpenAiTestCase

PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4"
                         "2mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


class FilesTest(OpenAiTestCase):
    def upload(self, name="notes.txt", content=b"High tide at noon.", purpose="user_data"):
        return self.client.files.create(file=(name, content), purpose=purpose)

    def test_a_file_is_kept_and_deleted(self):
        file = self.upload()
        self.assertTrue(file.id.startswith("file-"), file.id)
        self.assertEqual((file.object, file.filename, file.bytes, file.purpose),
                         ("file", "notes.txt", 18, "user_data"))
        self.assertEqual(self.client.files.retrieve(file.id), file)
        self.assertEqual(self.client.files.content(file.id).read(), b"High tide at noon.")
        deleted = self.client.files.delete(file.id)
        self.assertEqual((deleted.id, deleted.deleted), (file.id, True))
        for call in [self.client.files.retrieve, self.client.files.content]:
            with self.assertRaises(openai.NotFoundError):
                call(file.id)

    def test_files_are_listed_page_by_page(self):
        made = [self.upload(f"{n}.txt").id for n in range(3)]
        picture = self.upload("a.png", PIXEL, "vision").id
        listed = [file.id for file in self.client.files.list(limit=2, order="desc")]
        self.assertEqual(listed[:4], [picture, *made[::-1]])
        only = [file.id for file in self.client.files.list(purpose="vision")]
        self.assertIn(picture, only)
        self.assertFalse(set(only) & set(made))
        self.assertEqual(self.client.files.wait_for_processing(picture).status, "processed")

    def test_a_file_is_read_by_id_in_a_chat(self):
        content = [{"type": "text", "text": "When?"},
                   {"type": "file", "file": {"file_id": self.upload().id}}]
        answer = self.ask([{"role": "user", "content": content}])
        self.assertIn("I received your file `notes.txt`.", answer.choices[0].message.content)

    def test_files_and_pictures_are_read_by_id_in_a_response(self):
        content = [{"type": "input_text", "text": "When?"},
                   {"type": "input_file", "file_id": self.upload().id},
                   {"type": "input_image", "detail": "auto",
                    "file_id": self.upload("a.png", PIXEL, "vision").id}]
        answer = self.client.responses.create(
            model=MODEL, input=[{"role": "user", "content": content}])
        self.assertIn("`notes.txt`", answer.output_text)
        self.assertIn("`a.png`", answer.output_text)

    def test_a_recording_is_read(self):
        sound = base64.b64encode(b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0@\x1f\0\0"
                                 b"@\x1f\0\0\1\0\x08\0data\0\0\0\0").decode()
        content = [{"type": "text", "text": "What is said?"},
                   {"type": "input_audio", "input_audio": {"data": sound, "format": "wav"}}]
        answer = self.ask([{"role": "user", "content": content}])
        self.assertIn("I received your file", answer.choices[0].message.content)

    def test_an_unknown_file_is_an_error_that_names_its_field(self):
        content = [{"type": "text", "text": "When?"},
                   {"type": "file", "file": {"file_id": "file-unknown"}}]
        with self.assertRaises(openai.APIStatusError) as caught:
            self.ask([{"role": "user", "content": content}])
        self.assertIn(caught.exception.status_code, (400, 404))
        self.assertEqual(caught.exception.param, "messages.0.content.1.file.file_id")

    def test_mistakes_name_their_field(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.upload(purpose="fine-tune")
        self.assertEqual(caught.exception.param, "purpose")


class LegacyTest(OpenAiTestCase):
    def test_a_completion_has_text(self):
        answer = self.client.completions.create(model=MODEL, prompt="Say hello.", max_tokens=400)
        self.assertEqual(answer.object, "text_completion")
        expected = self.ask("Say hello.", max_tokens=400).choices[0]
        self.assertEqual((answer.choices[0].text, answer.choices[0].finish_reason),
                         (expected.message.content, expected.finish_reason))
        self.assertGreater(answer.usage.completion_tokens, 0)

    def test_a_completion_is_streamed(self):
        whole = self.client.completions.create(model=MODEL, prompt="Say hello.", max_tokens=400)
        chunks = list(self.client.completions.create(
            model=MODEL, prompt=["Say hello."], max_tokens=400, stream=True))
        text = "".join(chunk.choices[0].text for chunk in chunks if chunk.choices)
        self.assertEqual(text, whole.choices[0].text)

    def test_a_suffix_is_refused(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.completions.create(model=MODEL, prompt="a", suffix="b")
        self.assertEqual(caught.exception.param, "suffix")

    def test_what_grok_has_not_is_not_found_and_says_so(self):
        calls = {
            "embeddings": lambda api: api.embeddings.create(model="x", input="a"),
            "speech": lambda api: api.audio.speech.create(model="x", voice="alloy", input="a"),
            "transcriptions": lambda api: api.audio.transcriptions.create(
                model="x", file=("a.wav", b"RIFF")),
        }
        for name, ask in calls.items():
            with self.subTest(name=name), self.assertRaises(openai.NotFoundError) as caught:
                ask(self.client)
            self.assertTrue(caught.exception.code, name)
            self.assertIn("Grok", caught.exception.message)


if __name__ == "__main__":
    unittest.main()
