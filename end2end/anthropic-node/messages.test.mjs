// What a user of the official npm client sees: messages, streams, thinking, typed errors, abort.
import assert from "node:assert/strict";

import { waitUntil } from "../lib/gateway.mjs";
import { testsOf } from "../lib/record.mjs";
import { serveTests } from "../lib/serve-tests.mjs";
import { Anthropic, connect } from "./connect.mjs";

const messages = [{ role: "user", content: "Say hello." }];
const hello = { model: "grok-3", max_tokens: 4000, messages };
const thinkingHello = {
  ...hello,
  model: "grok-4-thinking",
  thinking: { type: "enabled", budget_tokens: 2000 },
};
// ceil(10 / 4): the prompt is the text itself.
const helloTokens = 3;
const pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const test = testsOf("anthropic (npm)", "@anthropic-ai/sdk");
const served = serveTests(connect);
const { withAccount } = served;

// Checks what every error has, besides its class and its type.
function typed(errorClass, type, more = () => {}) {
  return (error) => {
    assert.ok(error instanceof errorClass, `${error}`);
    assert.equal(error.type, type);
    assert.equal(error.error.request_id, error.requestID);
    more(error);
    return true;
  };
}

test("a message has text, an end and usage", async () => {
  const message = await served.client.messages.create(hello);
  assert.match(message.id, /^msg_/);
  assert.deepEqual([message.type, message.role, message.model], ["message", "assistant", "grok-3"]);
  assert.deepEqual(message.content.map((block) => block.type), ["text"]);
  assert.match(message.content[0].text, /## The idea/);
  assert.deepEqual([message.stop_reason, message.stop_sequence], ["end_turn", null]);
  assert.equal(message.usage.input_tokens, helloTokens);
  assert.ok(message.usage.output_tokens > 0);
  assert.ok(message._request_id);
});

test("blocks and a system prompt are understood", async () => {
  const plain = await served.client.messages.create(hello);
  const blocks = await served.client.messages.create({
    ...hello,
    messages: [{ role: "user", content: [{ type: "text", text: "Say hello." }] }],
    metadata: { user_id: "u-1" },
  });
  assert.equal(blocks.content[0].text, plain.content[0].text);
  for (const system of ["Be brief.", [{ type: "text", text: "Be brief." }]]) {
    const { usage } = await served.client.messages.create({ ...hello, system });
    // "system: Be brief.\n\nSay hello." has 29 characters.
    assert.equal(usage.input_tokens, 8);
  }
});

test("thinking is a block before the text, or not there", async () => {
  const shown = await served.client.messages.create(thinkingHello);
  assert.deepEqual(shown.content.map((block) => block.type), ["thinking", "text"]);
  assert.match(shown.content[0].thinking, /The question is about "Say hello"/);
  assert.ok(shown.content[0].signature);
  const hidden = await served.client.messages.create({ ...hello, model: "grok-4-thinking" });
  assert.deepEqual(hidden.content.map((block) => block.type), ["text"]);
  assert.equal(hidden.content[0].text, shown.content[1].text);
});

test("stop sequences and max_tokens end the answer", async () => {
  const whole = (await served.client.messages.create(hello)).content[0].text;
  const stopped = await served.client.messages.create({ ...hello, stop_sequences: ["## The idea"] });
  assert.deepEqual(
    [stopped.stop_reason, stopped.stop_sequence, stopped.content[0].text],
    ["stop_sequence", "## The idea", whole.split("## The idea")[0]],
  );
  const cut = await served.client.messages.create({ ...hello, max_tokens: 5 });
  assert.deepEqual([cut.stop_reason, cut.content[0].text], ["max_tokens", whole.slice(0, 20)]);
});

test("images and documents are received", async () => {
  const content = [
    { type: "image", source: { type: "base64", media_type: "image/png", data: pixel } },
    {
      type: "document",
      title: "tides.pdf",
      source: { type: "base64", media_type: "application/pdf", data: "JVBERi0xLjQKJSVFT0YK" },
    },
    { type: "document", source: { type: "text", media_type: "text/plain", data: "Noon." } },
    { type: "text", text: "What is it?" },
  ];
  const options = { ...hello, messages: [{ role: "user", content }] };
  const { text } = (await served.client.messages.create(options)).content[0];
  assert.ok(text.includes("I received your 2 files: `tides.pdf`, `file.png`."), text);
});

test("counted tokens are those of usage", async () => {
  const content = [
    { type: "image", source: { type: "base64", media_type: "image/png", data: pixel } },
    { type: "text", text: "What is on it?" },
  ];
  for (const asked of [messages, [{ role: "user", content }]]) {
    const counted = await served.client.messages.countTokens({ model: "grok-3", messages: asked });
    const { usage } = await served.client.messages.create({ ...hello, messages: asked });
    assert.equal(counted.input_tokens, usage.input_tokens);
  }
});

test("a stream has every event in order and adds up to the message", async () => {
  const whole = await served.client.messages.create(thinkingHello);
  const kinds = [];
  let text = "";
  const stream = await served.client.messages.create({ ...thinkingHello, stream: true });
  for await (const event of stream) {
    const kind = event.delta?.type ?? event.content_block?.type;
    const name = kind ? `${event.type} ${event.index} ${kind}` : event.type;
    if (name !== kinds.at(-1)) kinds.push(name);
    text += event.delta?.text ?? "";
  }
  assert.deepEqual(kinds, [
    "message_start",
    "content_block_start 0 thinking",
    "content_block_delta 0 thinking_delta",
    "content_block_delta 0 signature_delta",
    "content_block_stop",
    "content_block_start 1 text",
    "content_block_delta 1 text_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
  ]);
  assert.equal(text, whole.content[1].text);
});

test("the stream helper assembles the final message", async () => {
  const whole = await served.client.messages.create(thinkingHello);
  const stream = served.client.messages.stream(thinkingHello);
  let heard = "";
  stream.on("text", (piece) => (heard += piece));
  const final = await stream.finalMessage();
  assert.equal(heard, whole.content[1].text);
  const plain = ({ content, usage: { input_tokens, output_tokens } }) =>
    JSON.parse(JSON.stringify([content, input_tokens, output_tokens]));
  assert.deepEqual(plain(final), plain(whole));
  assert.deepEqual([final.stop_reason, final.stop_sequence], ["end_turn", null]);
});

test("errors are typed", async () => {
  await assert.rejects(
    connect(served.gateway, { apiKey: "sk-wrong" }).messages.create(hello),
    typed(Anthropic.AuthenticationError, "authentication_error"),
  );
  await assert.rejects(
    served.client.messages.create({ ...hello, max_tokens: 0 }),
    typed(Anthropic.BadRequestError, "invalid_request_error", (error) =>
      assert.match(error.apiMessage, /^max_tokens: /)),
  );
  await assert.rejects(
    served.client.messages.create({ ...hello, tools: [{ type: "bash_20250124", name: "bash" }] }),
    typed(Anthropic.BadRequestError, "invalid_request_error", (error) =>
      assert.match(error.apiMessage, /^tools\.0/)),
  );
  await assert.rejects(
    served.client.messages.create({ ...hello, model: "claude-none" }),
    typed(Anthropic.NotFoundError, "not_found_error"),
  );
});

test("a rate limited account is a RateLimitError with Retry-After", () =>
  withAccount("lonely-429-1", (api) =>
    assert.rejects(
      api.messages.create(hello),
      typed(Anthropic.RateLimitError, "rate_limit_error", (error) =>
        assert.ok(Number(error.headers.get("retry-after")) > 0)),
    )));

test("a failing upstream is an InternalServerError", () =>
  withAccount("broken-502-1", (api) =>
    assert.rejects(
      api.messages.create(hello),
      typed(Anthropic.InternalServerError, "api_error", (error) => assert.equal(error.status, 502)),
    )));

test("an error inside a stream is thrown after what was delivered", () =>
  withAccount("breaking-cut-1", async (api) => {
    const stream = await api.messages.create({ ...hello, stream: true });
    const received = [];
    await assert.rejects(
      async () => {
        for await (const event of stream) received.push(event.type);
      },
      (error) => {
        assert.ok(error instanceof Anthropic.APIError);
        assert.equal(error.type, "api_error");
        return true;
      },
    );
    assert.ok(received.includes("content_block_delta"));
    assert.ok(!received.includes("message_stop"));
  }));

test("the client's own timeout frees the account", () =>
  withAccount("patient-hang-1", async (api, server) => {
    await assert.rejects(
      api.messages.create(hello, { timeout: 500 }),
      Anthropic.APIConnectionTimeoutError,
    );
    await waitUntil(
      async () => (await server.readiness()).pool.leases === 0,
      "the lease was not freed",
    );
  }));

test("an aborted stream frees the account", () =>
  withAccount("patient-stall-1", async (api, server) => {
    const stream = await api.messages.create({ ...hello, stream: true });
    for await (const event of stream) {
      assert.equal(event.type, "message_start");
      break;
    }
    stream.controller.abort();
    await waitUntil(async () => {
      const { pool, in_flight } = await server.readiness();
      return pool.leases === 0 && in_flight === 0;
    }, "the lease was not freed");
  }));
