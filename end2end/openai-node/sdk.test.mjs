// What a user of the official npm client sees: answers, streams, typed errors, timeouts, abort.
import assert from "node:assert/strict";

import { waitUntil } from "../lib/gateway.mjs";
import { testsOf } from "../lib/record.mjs";
import { serveTests } from "../lib/serve-tests.mjs";
import { OpenAI, connect, toFile } from "./connect.mjs";

const messages = [{ role: "user", content: "Say hello." }];

const test = testsOf("openai (npm)", "openai");
const served = serveTests(connect);
const { withAccount } = served;

test("models are listed and retrieved", async () => {
  const ids = [];
  for await (const model of served.client.models.list()) ids.push(model.id);
  assert.equal(ids.length, 16);
  assert.equal((await served.client.models.retrieve("grok-4.20-beta")).id, "grok-4.20-beta");
  await assert.rejects(served.client.models.retrieve("nope"), OpenAI.NotFoundError);
});

test("a chat answers and counts usage", async () => {
  const answer = await served.client.chat.completions.create({ model: "grok-4", messages });
  assert.ok(answer.choices[0].message.content.trim());
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.ok(answer.usage.prompt_tokens > 0 && answer.usage.completion_tokens > 0);
});

test("a stream adds up to the whole answer", async () => {
  const whole = await served.client.chat.completions.create({ model: "grok-3", messages });
  const stream = await served.client.chat.completions.create({
    model: "grok-3", messages, stream: true, stream_options: { include_usage: true },
  });
  let text = "";
  let usage;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? "";
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, whole.choices[0].message.content);
  assert.equal(usage.total_tokens, whole.usage.total_tokens);
});

test("videos are made, fetched in parts, listed and deleted", async () => {
  const { videos } = served.client;
  const model = "grok-imagine-1.0-video";
  let video = await videos.create({ model, prompt: "a paper boat", seconds: "6" });
  assert.equal(video.status, "queued");
  await waitUntil(async () => {
    video = await videos.retrieve(video.id);
    return video.status === "completed";
  }, "the video is made");
  const response = await videos.downloadContent(video.id);
  assert.equal(response.headers.get("content-type"), "video/mp4");
  const file = Buffer.from(await response.arrayBuffer());
  assert.equal(file.subarray(4, 8).toString(), "ftyp");
  const listed = [];
  for await (const one of videos.list({ limit: 1 })) listed.push(one.id);
  assert.ok(listed.includes(video.id));
  assert.ok((await videos.delete(video.id)).deleted);
  await assert.rejects(videos.retrieve(video.id), OpenAI.NotFoundError);
});

test("images are edited", async () => {
  const pixel = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  );
  const image = await Promise.all(["a.png", "b.png"].map((name) => toFile(pixel, name, { type: "image/png" })));
  const { data } = await served.client.images.edit({ image, prompt: "make it night" });
  assert.equal(data.length, 1);
  const file = await fetch(data[0].url);
  assert.equal(file.headers.get("content-type"), "image/jpeg");
  const stream = await served.client.images.edit({ image: image[0], prompt: "at noon", stream: true });
  const kinds = [];
  for await (const event of stream) {
    kinds.push(event.type);
  }
  assert.equal(kinds.at(-1), "image_edit.completed");
});

test("images are made, as files and as a stream", async () => {
  const { data } = await served.client.images.generate({ prompt: "a red fox", n: 2 });
  for (const image of data) {
    const file = await fetch(image.url);
    assert.equal(file.headers.get("content-type"), "image/jpeg");
    assert.deepEqual([...new Uint8Array(await file.arrayBuffer()).slice(0, 3)], [0xff, 0xd8, 0xff]);
  }
  const stream = await served.client.images.generate({ prompt: "an owl", stream: true, partial_images: 1 });
  const kinds = [];
  for await (const event of stream) kinds.push(event.type);
  assert.deepEqual(kinds, ["image_generation.partial_image", "image_generation.completed"]);
});

test("the stream helper assembles the final message", async () => {
  const runner = served.client.chat.completions.stream({ model: "grok-4", messages });
  const final = await runner.finalChatCompletion();
  assert.ok(final.choices[0].message.content.trim());
});

test("errors are typed", async () => {
  await assert.rejects(connect(served.gateway, { apiKey: "sk-wrong" }).models.list(), (error) => {
    assert.ok(error instanceof OpenAI.AuthenticationError);
    assert.equal(error.code, "invalid_api_key");
    return true;
  });
  await assert.rejects(
    served.client.chat.completions.create({ model: "grok-4", messages, temperature: 9 }),
    (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.deepEqual([error.param, error.code], ["temperature", "invalid_temperature"]);
      assert.equal(error.requestID, error.error.request_id);
      return true;
    },
  );
  await assert.rejects(
    served.client.chat.completions.create({ model: "gpt-5", messages }),
    OpenAI.NotFoundError,
  );
});

test("a rate limited account is a RateLimitError with Retry-After", () =>
  withAccount("lonely-429-1", (api) =>
    assert.rejects(api.chat.completions.create({ model: "grok-4", messages }), (error) => {
      assert.ok(error instanceof OpenAI.RateLimitError);
      assert.ok(Number(error.headers.get("retry-after")) > 0);
      return true;
    })));

test("an error inside a stream is thrown after what was delivered", () =>
  withAccount("breaking-cut-1", async (api) => {
    const stream = await api.chat.completions.create({ model: "grok-4", messages, stream: true });
    const received = [];
    await assert.rejects(async () => {
      for await (const chunk of stream) received.push(chunk);
    }, OpenAI.APIError);
    assert.ok(received.length > 0);
  }));

test("the client's own timeout frees the account", () =>
  withAccount("patient-hang-1", async (api, server) => {
    await assert.rejects(
      api.chat.completions.create({ model: "grok-4", messages }, { timeout: 500 }),
      OpenAI.APIConnectionTimeoutError,
    );
    await waitUntil(
      async () => (await server.readiness()).pool.leases === 0,
      "the lease was not freed",
    );
  }));

test("an aborted stream frees the account", () =>
  withAccount("patient-stall-1", async (api, server) => {
    const stream = await api.chat.completions.create({ model: "grok-4", messages, stream: true });
    for await (const chunk of stream) {
      assert.ok(chunk.id);
      break;
    }
    stream.controller.abort();
    await waitUntil(async () => {
      const { pool, in_flight } = await server.readiness();
      return pool.leases === 0 && in_flight === 0;
    }, "the lease was not freed");
  }));

test("an upstream that goes silent ends the stream with an idle timeout", () =>
  withAccount(
    "quiet-stall-1",
    async (api) => {
      const stream = await api.chat.completions.create({ model: "grok-4", messages, stream: true });
      await assert.rejects(
        async () => {
          for await (const chunk of stream) assert.ok(chunk.id);
        },
        (error) => {
          assert.equal(error.code, "stream_idle_timeout");
          return true;
        },
      );
    },
    { GROK2API_CHAT__STREAM_TIMEOUT: "1" },
  ));
