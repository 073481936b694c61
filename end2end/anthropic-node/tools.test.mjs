// Tools, forms of answers and searches, as a user of the official Anthropic client for npm sees them.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

import { testsOf } from "../lib/record.mjs";
import { serveTests } from "../lib/serve-tests.mjs";
import { asks, both, call, lima, then, time, weather } from "../lib/tools.mjs";
import { connect } from "./connect.mjs";

const require = createRequire(import.meta.url);
const { z } = require("zod");
const { zodOutputFormat } = require("@anthropic-ai/sdk/helpers/zod");
const { betaZodTool } = require("@anthropic-ai/sdk/helpers/beta/zod");

const test = testsOf("anthropic (npm)", "@anthropic-ai/sdk", "zod");
const served = serveTests(connect);
const base = { model: "grok-3", max_tokens: 4000 };
const tools = [weather, time].map(({ parameters, ...one }) => ({ ...one, input_schema: parameters }));
const webSearch = { type: "web_search_20250305", name: "web_search" };
const says = (content) => [{ role: "user", content }];
const Person = z.object({ name: z.string(), age: z.number().int() });

const ask = (content, options = {}) =>
  served.client.messages.create({ ...base, messages: says(content), ...options });

const callsOf = (message) =>
  message.content.filter((block) => block.type === "tool_use").map((block) => [block.name, block.input]);

const textOf = (message) =>
  message.content.filter((block) => block.type === "text").map((block) => block.text).join("");

const bothCalls = [["get_weather", lima], ["get_time", { city: "Lima" }]];

test("calls, their results and the answer", async () => {
  const first = await ask(both, { tools });
  assert.equal(first.stop_reason, "tool_use");
  assert.deepEqual(callsOf(first), bothCalls);
  const results = first.content
    .filter((block) => block.type === "tool_use")
    .map((block) => ({ type: "tool_result", tool_use_id: block.id, content: "fine" }));
  const messages = [
    ...says(both),
    { role: "assistant", content: first.content },
    { role: "user", content: results },
  ];
  const last = await served.client.messages.create({ ...base, messages, tools });
  assert.equal(last.stop_reason, "end_turn");
  assert.match(textOf(last), /Sunny, and it is noon\./);
});

test("streamed calls add up to those of the message", async () => {
  const stream = served.client.messages.stream({ ...base, messages: says(both), tools });
  let pieces = 0;
  stream.on("inputJson", () => pieces++);
  const final = await stream.finalMessage();
  assert.deepEqual(callsOf(final), bothCalls);
  assert.equal(final.stop_reason, "tool_use");
  assert.ok(pieces >= 2);
});

test("the tool runner runs tools to the end", async () => {
  const ran = [];
  const runnable = betaZodTool({
    name: "get_weather",
    description: weather.description,
    inputSchema: z.object({ city: z.string() }),
    run: ({ city }) => {
      ran.push(city);
      return "sunny";
    },
  });
  const messages = says(asks("The weather in Lima?", call("get_weather", { city: "Lima" }), then("It is sunny.")));
  for (const stream of [false, true]) {
    ran.length = 0;
    const runner = served.client.beta.messages.toolRunner({ ...base, messages, tools: [runnable], stream });
    assert.match(textOf(await runner.runUntilDone()), /It is sunny\./);
    assert.deepEqual(ran, ["Lima"]);
  }
});

test("parse gives an object that fits the zod schema", async () => {
  const message = await served.client.messages.parse({
    ...base,
    messages: says("Tell about Nina."),
    output_config: { format: zodOutputFormat(Person) },
  });
  assert.ok(Person.safeParse(message.parsed_output).success);
});

test("a searched answer has results and citations, streamed as well", async () => {
  const question = "When is high tide? [[search tide tables]]";
  const whole = await ask(question, { tools: [webSearch] });
  const stream = served.client.messages.stream({ ...base, messages: says(question), tools: [webSearch] });
  const final = await stream.finalMessage();
  for (const message of [whole, final]) {
    const kinds = message.content.map((block) => block.type);
    const at = kinds.indexOf("server_tool_use");
    assert.ok(at >= 0, `${kinds}`);
    assert.equal(kinds[at + 1], "web_search_tool_result");
    assert.deepEqual(message.content[at].input, { query: "tide tables" });
    const cited = message.content.flatMap((block) => block.citations ?? []);
    assert.ok(cited.length > 0);
  }
  assert.deepEqual(final.content.map((block) => block.type), whole.content.map((block) => block.type));
});
