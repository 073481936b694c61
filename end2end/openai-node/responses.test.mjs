// The Responses API and files, as a user of the official npm client sees them.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

import { waitUntil } from "../lib/gateway.mjs";
import { testsOf } from "../lib/record.mjs";
import { serveTests } from "../lib/serve-tests.mjs";
import { both, lima, time, weather } from "../lib/tools.mjs";
import { OpenAI, connect, toFile } from "./connect.mjs";

const require = createRequire(import.meta.url);
const { z } = require("zod");
const { zodTextFormat } = require("openai/helpers/zod");

const test = testsOf("openai (npm)", "openai", "zod");
const served = serveTests(connect);
const model = "grok-3";
const tools = [weather, time].map((one) => ({ type: "function", strict: true, ...one }));
const Person = z.object({ name: z.string(), age: z.number().int() });

const respond = (input, options = {}) => served.client.responses.create({ model, input, ...options });

const callsOf = (response) =>
  response.output
    .filter((item) => item.type === "function_call")
    .map((item) => [item.name, JSON.parse(item.arguments)]);

const results = (response, contents) =>
  response.output
    .filter((item) => item.type === "function_call")
    .map((item) => ({ type: "function_call_output", call_id: item.call_id, output: contents[item.name] }));

test("a response, whole and streamed, says the same", async () => {
  const whole = await respond("Say hello.");
  assert.deepEqual([whole.object, whole.status], ["response", "completed"]);
  let text = "";
  let last;
  const numbers = [];
  for await (const event of await respond("Say hello.", { stream: true })) {
    if (event.type === "response.output_text.delta") text += event.delta;
    numbers.push(event.sequence_number);
    last = event;
  }
  assert.equal(last.type, "response.completed");
  assert.equal(text, whole.output_text);
  assert.deepEqual(numbers, numbers.map((_, at) => at));
});

test("the response stream helper gives the final response", async () => {
  const stream = served.client.responses.stream({ model, input: "Say hello." });
  let heard = "";
  stream.on("response.output_text.delta", (event) => (heard += event.delta));
  const final = await stream.finalResponse();
  assert.equal(final.output_text, heard);
});

test("responses are retrieved, listed and deleted", async () => {
  const made = await respond("Say hello.");
  assert.equal((await served.client.responses.retrieve(made.id)).output_text, made.output_text);
  const items = [];
  for await (const item of served.client.responses.inputItems.list(made.id)) items.push(item);
  assert.equal(items[0].content[0].text, "Say hello.");
  await served.client.responses.delete(made.id);
  await assert.rejects(served.client.responses.retrieve(made.id), OpenAI.NotFoundError);
});

test("a previous response is continued", async () => {
  const first = await respond("My name is Nina.");
  const second = await respond("What is my name?", { previous_response_id: first.id });
  assert.equal(second.previous_response_id, first.id);
  assert.ok(second.usage.input_tokens > first.usage.input_tokens + first.usage.output_tokens);
});

test("a background response is waited for", async () => {
  let response = await respond("Say hello.", { background: true });
  await waitUntil(async () => {
    response = await served.client.responses.retrieve(response.id);
    return response.status === "completed";
  }, "it did not end");
  assert.ok(response.output_text.trim());
});

test("a background response is cancelled", () =>
  served.withAccount("patient-stall-1", async (api) => {
    const response = await api.responses.create({ model, input: "Say hello.", background: true });
    assert.equal((await api.responses.cancel(response.id)).status, "cancelled");
  }));

test("function calls and their results", async () => {
  const first = await respond(both, { tools });
  assert.deepEqual(callsOf(first), [["get_weather", lima], ["get_time", { city: "Lima" }]]);
  const outputs = results(first, { get_weather: "sunny", get_time: "noon" });
  const last = await respond(outputs, { tools, previous_response_id: first.id });
  assert.match(last.output_text, /Sunny, and it is noon\./);
});

test("streamed function calls add up", async () => {
  const stream = served.client.responses.stream({ model, input: both, tools });
  const pieces = {};
  stream.on("response.function_call_arguments.delta", (event) => {
    pieces[event.output_index] = (pieces[event.output_index] ?? "") + event.delta;
  });
  const final = await stream.finalResponse();
  assert.deepEqual(Object.values(pieces).map((text) => JSON.parse(text)), [lima, { city: "Lima" }]);
  assert.equal(callsOf(final).length, 2);
});

test("responses.parse gives an object that fits the zod schema", async () => {
  const response = await served.client.responses.parse({
    model,
    input: "Tell about Nina.",
    text: { format: zodTextFormat(Person, "person") },
  });
  assert.ok(Person.safeParse(response.output_parsed).success);
});

test("reasoning is an item before the message", async () => {
  const response = await respond("Say hello.", {
    model: "grok-4-thinking",
    reasoning: { effort: "high", summary: "auto" },
  });
  assert.deepEqual(response.output.map((item) => item.type), ["reasoning", "message"]);
  assert.match(response.output[0].summary[0].text, /Say hello/);
});

test("a search is an item and its sources are cited", async () => {
  const response = await respond("When is high tide? [[search tide tables]]", {
    tools: [{ type: "web_search" }],
  });
  const kinds = response.output.map((item) => item.type);
  assert.ok(kinds.includes("web_search_call"), `${kinds}`);
  assert.ok(response.output.at(-1).content[0].annotations.length > 0);
});

test("files are kept, read by id and deleted", async () => {
  const { files } = served.client;
  const file = await files.create({
    file: await toFile(Buffer.from("High tide at noon."), "notes.txt"),
    purpose: "user_data",
  });
  assert.equal((await files.retrieve(file.id)).filename, "notes.txt");
  assert.equal(await (await files.content(file.id)).text(), "High tide at noon.");
  const ids = [];
  for await (const one of files.list({ limit: 1 })) ids.push(one.id);
  assert.ok(ids.includes(file.id));
  const response = await respond([
    { role: "user", content: [{ type: "input_text", text: "When?" }, { type: "input_file", file_id: file.id }] },
  ]);
  assert.match(response.output_text, /`notes\.txt`/);
  assert.ok((await files.delete(file.id)).deleted);
  await assert.rejects(files.retrieve(file.id), OpenAI.NotFoundError);
});
