"""Requests that Schemathesis makes of our OpenAPI document: no 5xx, nothing undocumented.

The API is asked in three parts, each at a server of its own with what signs in there, since the operator's part
takes accounts away from the others. What never ends is treated apart: the pictures of a run come for ten minutes, so
Schemathesis leaves that operation out, and a test of its own reads its first events. Every other stream ends by
itself; the request's time limit would be a failure.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request
from pathlib import Path

from harness import API_KEY, Gateway, Simulator

PROGRAM = Path(sys.executable).with_name("schemathesis")
# A browser keeps what it was given; without it everybody is somebody new.
VISITOR = "grok2api_visitor=" + "0123456789abcdef" * 2
PASSWORD = "the operator's own password"
# What a document must be right about: answers have the status, type, headers and shape that it says.
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance",
          "response_headers_conformance", "response_schema_conformance"]
LIMIT_SECS = 170
REQUEST_LIMIT_SECS = 20
# A file for what the program said, to look at.
KEEP = os.environ.get("GROK2API_KEEP")
EXAMPLES = os.environ.get("GROK2API_EXAMPLES", "6")
ENDLESS = "public_imagine_watch"
# Operations without an answer 2xx, and what they would need.
NEEDS = {
    "cancel_job": "a job that runs, and those of the simulator are over at once",
    "delete_session": "a conversation that goes on at Grok, which keeps none while `app.temporary` is true",
    "edit_account": "an account that is still there when it is asked; the runner asks it itself",
    "resume_job": "a job that was interrupted or cancelled",
}


def operations(document):
    """(method, path, entry) of each operation."""
    for path, item in document["paths"].items():
        for method, entry in item.items():
            yield method.upper(), path, entry


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            _, _, kind, name = value["$ref"].split("/")
            yield kind, name
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def closure(document, value):
    """All components that `value` leads to: (kind, name)."""
    found, waiting = set(), list(references(value))
    while waiting:
        kind, name = one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += references(document["components"][kind][name])
    return found


def strict(document):
    """The document as a promise in both directions: an answer has no fields but those that are listed."""
    document = json.loads(json.dumps(document))
    entries = [entry for _, _, entry in operations(document)]
    taken = closure(document, [entry.get("requestBody") for entry in entries])
    given = closure(document, [entry["responses"] for entry in entries])
    for kind, name in given - taken:
        schema = document["components"][kind][name]
        for shape in [schema, *schema.get("oneOf", [])]:
            if "properties" in shape:
                shape.setdefault("additionalProperties", False)
    return document


class Part:
    """A server, and Schemathesis asking the operations whose paths fit. The parts run at the same time."""

    def __init__(self, upstream, secret, is_part):
        # As many as it takes so that the quota of none is used up.
        accounts = [f"plain-{tier}-{number}" for tier in ["basic", "super"] for number in range(40)]
        self.gateway = Gateway(upstream, accounts, APP__APP_KEY=PASSWORD, APP__PUBLIC_ENABLED="true")
        self.secret = secret
        with urllib.request.urlopen(self.gateway.url + "/openapi.json", timeout=20) as response:
            self.published = json.load(response)
        self.document = strict(self.published)
        paths = {path: {method: entry for method, entry in item.items()
                        if entry["operationId"] != ENDLESS}
                 for path, item in self.document["paths"].items() if is_part(path)}
        self.document["paths"] = {path: item for path, item in paths.items() if item}
        self.run = None

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.gateway.url + path, method=method,
                                         data=None if body is None else json.dumps(body).encode())
        request.add_header("authorization", f"Bearer {self.secret}")
        request.add_header("content-type", "application/json")
        request.add_header("cookie", VISITOR)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def until(self, path, is_so):
        deadline = time.monotonic() + 60
        while not is_so(found := self.call("GET", path)):
            if time.monotonic() > deadline:
                raise AssertionError(f"{path}: {found}")
            time.sleep(0.1)
        return found

    def exists(self, values):
        """Tells the document of things that are there: {operation id: {parameter: value}}, or a body."""
        for _, _, entry in operations(self.document):
            found = values.get(entry["operationId"], {})
            for parameter in entry.get("parameters", []):
                if parameter["name"] in found:
                    parameter["example"] = found[parameter["name"]]
            if "body" in found:
                entry["requestBody"]["content"]["application/json"]["example"] = found["body"]

    def start(self):
        self.folder = tempfile.TemporaryDirectory()
        file = Path(self.folder.name) / "openapi.json"
        file.write_text(json.dumps(self.document))
        self.run = subprocess.Popen(
            [PROGRAM, "run", file, "--url", self.gateway.url,
             "--header", f"Authorization: Bearer {self.secret}", "--header", f"Cookie: {VISITOR}",
             "--generation-with-security-parameters", "false", "--checks", ",".join(CHECKS),
             "--phases", "examples,coverage,fuzzing,stateful", "--seed", "1",
             "--generation-deterministic", "--max-examples", EXAMPLES,
             "--request-timeout", str(REQUEST_LIMIT_SECS), "--warnings", "off", "--no-color",
             "--report", "har", "--report-dir", self.folder.name, "--continue-on-failure"],
            cwd=self.folder.name, env={**os.environ, "HOME": self.folder.name}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def end(self):
        """What it said, whether it found nothing, and its report."""
        said, _ = self.run.communicate(timeout=LIMIT_SECS)
        reports = [json.loads(file.read_text()) for file in Path(self.folder.name).glob("har-*")]
        return said, self.run.returncode == 0, reports[0]["log"]["entries"] if reports else []

    def stop(self):
        if self.run and self.run.poll() is None:
            self.run.kill()
        if self.run:
            self.run.stdout.close()
            self.run.wait()
            self.folder.cleanup()
        self.gateway.stop()


class OpenApiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.simulator = Simulator()
        cls.addClassCleanup(cls.simulator.stop)
        cls.parts = {
            "key": cls.part(API_KEY, lambda path: not re.match("/v1/(admin|public)/", path)),
            "visitor": cls.part(API_KEY, lambda path: path.startswith("/v1/public/")),
            "operator": cls.part(PASSWORD, lambda path: path.startswith("/v1/admin/")),
        }
        cls.make_things_of_a_key(cls.parts["key"])
        cls.make_things_of_a_visitor(cls.parts["visitor"])
        cls.make_things_of_the_operator(cls.parts["operator"])
        for part in cls.parts.values():
            part.start()

    @classmethod
    def part(cls, secret, is_part):
        part = Part(cls.simulator.url, secret, is_part)
        cls.addClassCleanup(part.stop)
        return part

    @staticmethod
    def videos(part, prefix):
        """Finished videos: one to delete, one to look at."""
        ids = [part.call("POST", prefix, {"prompt": "A red fox."})["id"] for _ in range(2)]
        for each in ids:
            part.until(f"{prefix}/{each}", lambda video: video["status"] == "completed")
        return ids

    @classmethod
    def make_things_of_a_key(cls, part):
        picture = part.call("POST", "/v1/images/generations",
                            {"prompt": "A red fox.", "response_format": "url"})["data"][0]["url"]
        name = picture.rsplit("/", 1)[-1]
        background = part.call("POST", "/v1/responses",
                               {"model": "grok-4", "input": "Say hello.", "background": True})["id"]
        part.until(f"/v1/responses/{background}", lambda response: response["status"] == "completed")
        first, second = cls.videos(part, "/v1/videos")
        part.exists({
            "read_media": {"kind": "image", "name": name}, "read_thumbnail": {"name": name},
            "cancel_response": {"id": background}, "delete_video": {"id": first},
            **{name: {"id": second} for name in
               ["get_video", "cancel_video", "remix_video", "read_video_content"]}})

    @classmethod
    def make_things_of_a_visitor(cls, part):
        first, second = cls.videos(part, "/v1/public/videos")
        picture = part.call("POST", "/v1/public/images/generations",
                            {"prompt": "A red fox.", "response_format": "url"})["data"][0]
        run = part.call("POST", "/v1/public/video/start", {"prompt": "A red fox."})["task_id"]
        part.exists({
            "public_pack_media": {"body": {"ids": [picture["media_id"]]}},
            "public_delete_video": {"id": first}, "public_video_watch": {"task_id": run},
            **{f"public_{name}": {"id": second} for name in
               ["get_video", "cancel_video", "remix_video", "read_video_content"]}})

    @classmethod
    def make_things_of_the_operator(cls, part):
        accounts = part.call("GET", "/v1/admin/tokens?limit=3")["data"]
        undo = part.call("DELETE", f"/v1/admin/tokens/{accounts[0]['id']}")["undo_id"]
        edited = part.call("PATCH", f"/v1/admin/tokens/{accounts[1]['id']}", {"note": "Mine."})
        assert edited["note"] == "Mine.", edited
        job = part.call("POST", "/v1/admin/tokens/import/async", {"text": "no cookie"})["task_id"]
        part.until(f"/v1/admin/batch/{job}", lambda job: job["status"] != "running")
        part.exists({
            "restore_accounts": {"body": {"undo_id": undo}},
            "get_account": {"id": accounts[1]["id"]}, "edit_account": {"id": accounts[1]["id"]},
            "delete_account": {"id": accounts[2]["id"]},
            **{name: {"id": job} for name in ["get_job", "list_job_items", "watch_job", "retry_job"]}})

    @staticmethod
    def asked(document, entries):
        """(operation, answer) of each entry of a report that fits an operation."""
        patterns = []
        for method, path, entry in operations(document):
            parts = ["[^/]*" if part.startswith("{") else re.escape(part) for part in path.split("/")]
            patterns.append((path.count("{"), method, re.compile("/".join(parts)), entry))
        # `/v1/files/thumbnail/x` before `/v1/files/{kind}/x`.
        patterns.sort(key=lambda one: one[0])
        for asked in entries:
            method, url = asked["request"]["method"], asked["request"]["url"]
            path = urllib.parse.urlsplit(url).path
            fits = [entry for _, wanted, pattern, entry in patterns
                    if wanted == method and pattern.fullmatch(path)]
            if fits:
                yield fits[0], asked["response"]

    def seen(self, document, entries):
        """The statuses that each operation of the document answered with."""
        seen = {entry["operationId"]: set() for _, _, entry in operations(document)}
        for entry, answer in self.asked(document, entries):
            seen[entry["operationId"]].add(answer["status"])
        return seen

    def check(self, name):
        """Nothing was found, each operation was asked, and each did what it is for."""
        part = self.parts[name]
        said, is_fine, entries = part.end()
        seen = self.seen(part.document, entries)
        if KEEP:
            statuses = {name: sorted(statuses) for name, statuses in seen.items()}
            Path(KEEP, name).write_text(said + json.dumps(statuses, indent=1))
        self.assertTrue(is_fine, said[-20000:])
        never = sorted(name for name, statuses in seen.items() if not statuses)
        self.assertEqual(never, [], "these operations were not asked")
        refused = {name: sorted(statuses) for name, statuses in seen.items()
                   if not any(200 <= status < 300 for status in statuses)}
        unexpected = {name: statuses for name, statuses in refused.items() if name not in NEEDS}
        self.assertEqual(unexpected, {}, "these operations never did what they are for")

    def test_programs_with_a_key_are_answered_as_documented(self):
        self.check("key")

    def test_pages_of_visitors_are_answered_as_documented(self):
        self.check("visitor")

    def test_programs_of_the_operator_are_answered_as_documented(self):
        self.check("operator")

    def test_a_stream_without_an_end_has_the_documented_events(self):
        part = self.parts["visitor"]
        known = part.published["components"]["schemas"]["ImagineEvent"]["properties"]
        url = part.gateway.url + "/v1/public/imagine/sse?prompt=a+fox"
        kinds = []
        with urllib.request.urlopen(url, timeout=20) as stream:
            self.assertEqual(stream.headers.get_content_type(), "text/event-stream")
            while len(kinds) < 4:
                line = stream.readline().decode()
                if line.startswith("data: "):
                    event = json.loads(line.removeprefix("data: "))
                    self.assertEqual(set(event) - set(known), set())
                    kinds.append(event["type"])
        self.assertEqual(kinds[0], "status")
        self.assertTrue(any(kind.startswith("image_generation.") for kind in kinds), kinds)


if __name__ == "__main__":
    unittest.main()
