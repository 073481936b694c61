"""Reads every stream of the folder GROK2API_FRAMES with the official packages. Ends with a line
"N passed, N failed"."""

import os
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import anthropic
import openai

ASKED = [{"role": "user", "content": "x"}]


class Upstream(BaseHTTPRequestHandler):
    """Answers with the stream that is to be read, whatever it is asked."""

    body = b""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *arguments):
        pass


SERVER = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
SETTINGS = {
    "api_key": "x",
    "base_url": f"http://127.0.0.1:{SERVER.server_port}",
    "max_retries": 0,
    "timeout": 10,
}
ANTHROPIC = anthropic.Anthropic(**SETTINGS)
OPENAI = openai.OpenAI(**SETTINGS)


def message_events():
    with ANTHROPIC.messages.stream(model="grok-4", max_tokens=9, messages=ASKED) as stream:
        message = stream.get_final_message()
    assert message.stop_reason and message.content, message


def chat_chunks():
    with OPENAI.chat.completions.stream(model="grok-4", messages=ASKED) as stream:
        try:
            completion = stream.get_final_completion()
        except openai.LengthFinishReasonError as cut:
            # What this package says of every answer that its limit ended.
            completion = cut.completion
    assert completion.choices[0].finish_reason, completion


def response_events():
    kind = None
    with OPENAI.responses.stream(model="grok-4", input="x") as stream:
        for event in stream:
            kind = event.type
        if kind == "response.completed":
            assert stream.get_final_response().output
    assert kind in ("response.completed", "response.incomplete", "response.failed"), kind


# An answer that broke off says so in its last frame, which is the package's own error.
CLIENTS = {
    "message_events": (message_events, b"event: error\n", anthropic.APIStatusError),
    "chat_chunks": (chat_chunks, b'data: {"error":', openai.APIError),
    "response_events": (response_events, None, ()),
}


def reads(path):
    read, mark, error = CLIENTS[path.parent.name]
    body = Upstream.body = path.read_bytes()
    is_broken = mark is not None and any(f.startswith(mark) for f in body.split(b"\n\n"))
    try:
        read()
    except error:
        return is_broken
    return not is_broken


def main():
    threading.Thread(target=SERVER.serve_forever, daemon=True).start()
    passed = failed = 0
    for path in sorted(Path(os.environ["GROK2API_FRAMES"]).glob("*/*")):
        try:
            is_good = reads(path)
        except Exception:
            traceback.print_exc()
            is_good = False
        if is_good:
            passed += 1
        else:
            failed += 1
            print(f"not read: {path.parent.name}/{path.name}", flush=True)
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
