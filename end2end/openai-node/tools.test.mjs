// Tools, forms of answers and limits, as a user of the official npm client sees them.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

import { testsOf } from "../lib/record.mjs";
import { serveTests } from "../lib/serve-tests.mjs";
import { asks, both, call, lima, then, time, weather } from "../lib/tools.mjs";
import { OpenAI, connect } from "./connect.mjs";

const require = createRequire(import.meta.url);
const { z } = require("zod");
const { zodFunction, zodResponseFormat } = require("openai/helpers/zod");

const test = testsOf("openai (npm)", "openai", "zod");
const served = serveTests(connect);
const model = "grok-3";
const tools = [weather, time].map((one) => ({ type: "function", function: one }));
const says = (content) => [{ role: "user", content }];
const Person = z.object({ name: z.string(), age: z.number().int(), mood: z.enum(["glad", "sad"]) });

const ask = (content, options = {}) =>
  served.client.chat.completions.create({ model, messages: says(content), ...options });

const callsOf = (message) =>
  (message.tool_calls ?? []).map((one) => [one.function.name, JSON.parse(one.function.arguments)]);

test("a call, its result and the answer", async () => {
  const messages = says(asks("The weather in Lima?", call("get_weather", lima), then("It is sunny.")));
  const first = await served.client.chat.completions.create({ model, messages, tools });
  const { message, finish_reason } = first.choices[0];
  assert.equal(finish_reason, "tool_calls");
  assert.deepEqual(callsOf(message), [["get_weather", lima]]);
  messages.push(message, { role: "tool", tool_call_id: message.tool_calls[0].id, content: "sunny" });
  const last = await served.client.chat.completions.create({ model, messages, tools });
  assert.equal(last.choices[0].finish_reason, "stop");
  assert.match(last.choices[0].message.content, /It is sunny\./);
});

test("streamed calls have an index, an id and pieces of arguments", async () => {
  const calls = [];
  let finish;
  for await (const chunk of await ask(both, { tools, stream: true })) {
    const [choice] = chunk.choices;
    finish = choice?.finish_reason ?? finish;
    for (const delta of choice?.delta?.tool_calls ?? []) {
      calls[delta.index] ??= { id: delta.id, name: delta.function.name, arguments: "" };
      calls[delta.index].arguments += delta.function.arguments ?? "";
    }
  }
  assert.equal(finish, "tool_calls");
  assert.deepEqual(
    calls.map((one) => [one.name, JSON.parse(one.arguments)]),
    [["get_weather", lima], ["get_time", { city: "Lima" }]],
  );
  assert.notEqual(calls[0].id, calls[1].id);
});

test("the stream helper assembles calls", async () => {
  const stream = served.client.chat.completions.stream({ model, messages: says(both), tools });
  const done = [];
  stream.on("tool_calls.function.arguments.done", (event) => done.push(event.name));
  const final = await stream.finalChatCompletion();
  assert.deepEqual(done, ["get_weather", "get_time"]);
  assert.deepEqual(callsOf(final.choices[0].message).map(([name]) => name), ["get_weather", "get_time"]);
});

test("runTools runs the tools and gives the answer", async () => {
  const ran = [];
  const runnable = (one, answer) => ({
    type: "function",
    function: {
      ...one,
      parse: JSON.parse,
      function: (input) => {
        ran.push([one.name, input.city]);
        return answer;
      },
    },
  });
  const given = { model, messages: says(both), tools: [runnable(weather, "sunny"), runnable(time, "noon")] };
  for (const stream of [false, true]) {
    ran.length = 0;
    const runner = served.client.chat.completions.runTools({ ...given, stream });
    assert.match(await runner.finalContent(), /Sunny, and it is noon\./);
    assert.deepEqual(ran.sort(), [["get_time", "Lima"], ["get_weather", "Lima"]]);
  }
});

test("parse gives typed arguments", async () => {
  const tool = zodFunction({ name: "get_weather", parameters: z.object({ city: z.string() }) });
  const answer = await served.client.chat.completions.parse({
    model, messages: says("The weather in Lima?"), tools: [tool],
  });
  assert.equal(typeof answer.choices[0].message.tool_calls[0].function.parsed_arguments.city, "string");
});

test("parse gives an object that fits the zod schema", async () => {
  const answer = await served.client.chat.completions.parse({
    model,
    messages: says("Tell about Nina."),
    response_format: zodResponseFormat(Person, "person"),
  });
  assert.ok(Person.safeParse(answer.choices[0].message.parsed).success);
});

test("json_object is an object", async () => {
  const answer = await ask("Answer as JSON.", { response_format: { type: "json_object" } });
  assert.equal(typeof JSON.parse(answer.choices[0].message.content), "object");
});

test("stop and max_tokens end the answer", async () => {
  const whole = (await ask("Say hello.")).choices[0].message.content;
  const stopped = (await ask("Say hello.", { stop: ["## The idea"] })).choices[0];
  assert.deepEqual([stopped.message.content, stopped.finish_reason], [whole.split("## The idea")[0], "stop"]);
  const cut = (await ask("Say hello.", { max_tokens: 5 })).choices[0];
  assert.deepEqual([cut.message.content, cut.finish_reason], [whole.slice(0, 20), "length"]);
});

test("three choices, whole and streamed", async () => {
  const answer = await ask("Say hello.", { n: 3 });
  assert.deepEqual(answer.choices.map((choice) => choice.index), [0, 1, 2]);
  const stream = served.client.chat.completions.stream({ model, messages: says("Say hello."), n: 3 });
  const final = await stream.finalChatCompletion();
  assert.equal(final.choices.filter((choice) => choice.message.content?.trim()).length, 3);
});

test("a searched answer is cited", async () => {
  const answer = await ask("When is high tide? [[search tide tables]]", { web_search_options: {} });
  const { annotations, content } = answer.choices[0].message;
  assert.ok(annotations.length > 0);
  for (const { url_citation: cited } of annotations) {
    assert.match(cited.url, /^https?:/);
    assert.ok(content.slice(cited.start_index, cited.end_index).trim());
  }
});

test("legacy completions are served, embeddings and audio are not found", async () => {
  const { client } = served;
  const completion = await client.completions.create({ model, prompt: "Say hello.", max_tokens: 100 });
  assert.ok(completion.choices[0].text.trim());
  const absent = [
    () => client.embeddings.create({ model: "x", input: "a" }),
    () => client.audio.speech.create({ model: "x", voice: "alloy", input: "a" }),
  ];
  for (const use of absent) await assert.rejects(use, OpenAI.NotFoundError);
});
