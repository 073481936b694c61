"""What a user of the official Python client gets for a video: a file that a real decoder plays."""

import io
import time
import unittest
import warnings

import av
import openai
from openai import OpenAI
from PIL import Image

from harness import API_KEY, GatewayTestCase

LIMIT_SECS = 30


def client(gateway, **options):
    options = {"api_key": API_KEY, "max_retries": 0, "timeout": 60, **options}
    return OpenAI(base_url=gateway.url + "/v1", **options)


def png():
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(file, "PNG")
    return file.getvalue()


def decoded(file):
    """Width, height and seconds of a video, all of whose pictures were decoded."""
    with av.open(io.BytesIO(file)) as container:
        stream = container.streams.video[0]
        frames = sum(1 for _ in container.decode(stream))
        return stream.width, stream.height, frames / float(stream.average_rate)


class VideosTest(GatewayTestCase):
    client_name = "openai (Python)"
    packages = ("openai",)
    connect = staticmethod(client)

    def setUp(self):
        super().setUp()
        # OpenAI ends its own service; the surface stays.
        warnings.simplefilter("ignore", DeprecationWarning)

    def finished(self, video):
        deadline = time.monotonic() + LIMIT_SECS
        while video.status in ("queued", "in_progress"):
            self.assertLess(time.monotonic(), deadline, video)
            time.sleep(0.02)
            video = self.client.videos.retrieve(video.id)
        return video

    def test_a_video_is_made_and_plays(self):
        queued = self.client.videos.create(
            model="grok-imagine-1.0-video", prompt="a paper boat", seconds="8", size="1280x720")
        self.assertEqual((queued.object, queued.seconds, queued.size), ("video", "8", "1280x720"))
        video = self.finished(queued)
        self.assertEqual((video.status, video.progress, video.error), ("completed", 100, None))
        self.assertGreaterEqual(video.completed_at, video.created_at)
        content = self.client.videos.download_content(video.id).read()
        self.assertEqual(decoded(content), (1280, 720, 8.0))
        thumbnail = self.client.videos.download_content(video.id, variant="thumbnail").read()
        self.assertEqual(Image.open(io.BytesIO(thumbnail)).format, "JPEG")

    def test_create_and_poll_returns_the_finished_video(self):
        video = self.client.videos.create_and_poll(
            model="grok-imagine-1.0-video", prompt="an owl", poll_interval_ms=20)
        self.assertEqual(video.status, "completed")

    def test_a_longer_video_is_one_file(self):
        video = self.client.videos.create(
            model="grok-imagine-1.0-video", prompt="a lake", seconds="12", size="1024x1792")
        content = self.client.videos.download_content(self.finished(video).id).read()
        self.assertEqual(decoded(content), (480, 720, 12.0))

    def test_a_video_begins_with_an_image(self):
        video = self.client.videos.create(
            model="grok-imagine-1.0-video", prompt="it sails",
            input_reference=("boat.png", png(), "image/png"))
        self.assertEqual(self.finished(video).status, "completed")

    def test_a_remix_names_its_source(self):
        source = self.finished(self.client.videos.create(
            model="grok-imagine-1.0-video", prompt="a boat", seconds="10"))
        remix = self.client.videos.remix(source.id, prompt="by night")
        self.assertEqual((remix.remixed_from_video_id, remix.seconds), (source.id, "10"))
        self.assertEqual(self.finished(remix).status, "completed")

    def test_videos_are_listed_page_by_page_and_deleted(self):
        made = [self.finished(self.client.videos.create(
            model="grok-imagine-1.0-video", prompt=f"boat {n}")).id for n in range(3)]
        listed = [video.id for video in self.client.videos.list(limit=2, order="desc")]
        self.assertEqual(listed[:3], made[::-1])
        deleted = self.client.videos.delete(made[0])
        self.assertTrue(deleted.deleted)
        with self.assertRaises(openai.NotFoundError):
            self.client.videos.retrieve(made[0])

    def test_a_moderated_video_has_failed_and_says_why(self):
        video = self.finished(self.client.videos.create(
            model="grok-imagine-1.0-video", prompt="something moderated"))
        self.assertEqual(video.status, "failed")
        self.assertEqual(video.error.code, "content_policy_violation")
        with self.assertRaises(openai.ConflictError) as caught:
            self.client.videos.download_content(video.id)
        self.assertEqual(caught.exception.code, "video_not_ready")

    def test_mistakes_name_their_field(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.videos.create(model="grok-imagine-1.0-video", prompt="x", seconds="7")
        self.assertEqual(
            (caught.exception.code, caught.exception.param), ("invalid_seconds", "seconds"))


if __name__ == "__main__":
    unittest.main()
