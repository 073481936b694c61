// The Vercel AI SDK with each provider that can be given our address: OpenAI's (Responses and chat
// completions), the one for compatible servers, and Anthropic's.
import assert from "node:assert/strict";

import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { Output, ToolLoopAgent, generateObject, generateText, stepCountIs, streamObject, streamText, tool } from "ai";
import { z } from "zod";

import { apiKey } from "../lib/gateway.mjs";
import { testsOf } from "../lib/record.mjs";
import { serveTests } from "../lib/serve-tests.mjs";
import { both, call, time, weather } from "../lib/tools.mjs";

const test = testsOf(
  "Vercel AI SDK", "ai", "@ai-sdk/openai", "@ai-sdk/openai-compatible", "@ai-sdk/anthropic", "zod",
);
const served = serveTests(({ url }) => {
  const baseURL = `${url}/v1`;
  const openai = createOpenAI({ baseURL, apiKey });
  const compatible = createOpenAICompatible({
    name: "grok2api",
    baseURL,
    apiKey,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
  const anthropic = createAnthropic({ baseURL, apiKey });
  return {
    responses: openai.responses("grok-3"),
    chat: openai.chat("grok-3"),
    compatible: compatible("grok-3"),
    messages: anthropic("grok-3"),
    thinking: compatible("grok-4-thinking"),
    openai,
    anthropic,
  };
});
const kinds = ["responses", "chat", "compatible", "messages"];
const Person = z.object({ name: z.string(), age: z.number().int(), mood: z.enum(["glad", "sad"]) });
const options = { maxRetries: 0, maxOutputTokens: 4000 };

// Two tools that remember what they were called with.
function cityTools() {
  const ran = [];
  const one = ({ name, description }, answer) =>
    tool({
      description,
      inputSchema: z.object({ city: z.string(), unit: z.enum(["celsius", "fahrenheit"]).optional() }),
      execute: async ({ city }) => {
        ran.push([name, city]);
        return answer;
      },
    });
  return { ran, tools: { get_weather: one(weather, "sunny"), get_time: one(time, "noon") } };
}

const calls = [["get_time", "Lima"], ["get_weather", "Lima"]];
const rounds = `${call("get_weather", { city: "Lima" })} [[round]] ${call("get_time", { city: "Lima" })}`;

for (const kind of kinds) {
  const model = () => served.client[kind];

  test(`${kind}: streamText streams the text`, async () => {
    const { text: whole } = await generateText({ ...options, model: model(), prompt: "Say hello." });
    const result = streamText({ ...options, model: model(), prompt: "Say hello." });
    let pieces = 0;
    let text = "";
    for await (const piece of result.textStream) {
      pieces++;
      text += piece;
    }
    assert.ok(pieces > 3);
    assert.equal(text, whole);
    assert.ok((await result.usage).outputTokens > 0);
  });

  test(`${kind}: streamText with tools`, async () => {
    const { ran, tools } = cityTools();
    const result = streamText({ ...options, model: model(), prompt: both, tools, stopWhen: stepCountIs(5) });
    let text = "";
    for await (const piece of result.textStream) text += piece;
    assert.deepEqual(ran.sort(), calls);
    assert.match(text, /Sunny, and it is noon\./);
    assert.equal((await result.steps).length, 2);
    assert.equal(await result.finishReason, "stop");
  });

  test(`${kind}: an agent with two tools, one after the other`, async () => {
    const { ran, tools } = cityTools();
    const agent = new ToolLoopAgent({ ...options, model: model(), tools, stopWhen: stepCountIs(5) });
    const result = await agent.generate({ prompt: `The time where it is best? ${rounds} [[then It is noon.]]` });
    assert.deepEqual(ran, [["get_weather", "Lima"], ["get_time", "Lima"]]);
    assert.match(result.text, /It is noon\./);
    assert.equal(result.steps.length, 3);
  });

  test(`${kind}: generateObject and streamObject`, async () => {
    const asked = { ...options, model: model(), schema: Person, prompt: "Tell about Nina." };
    const { object } = await generateObject(asked);
    assert.ok(Person.safeParse(object).success);
    const stream = streamObject(asked);
    for await (const partial of stream.partialObjectStream) assert.equal(typeof partial, "object");
    assert.ok(Person.safeParse(await stream.object).success);
  });

  test(`${kind}: generateText with an output schema`, async () => {
    const { output } = await generateText({
      ...options, model: model(), prompt: "Tell about Nina.", output: Output.object({ schema: Person }),
    });
    assert.ok(Person.safeParse(output).success);
  });
}

test("reasoning is told apart from the answer", async () => {
  const result = await generateText({ ...options, model: served.client.thinking, prompt: "Say hello." });
  assert.match(result.reasoningText, /Say hello/);
  assert.ok(!result.text.includes(result.reasoningText));
});

test("a web search of OpenAI's provider gives sources", async () => {
  const { openai, responses } = served.client;
  const result = await generateText({
    ...options,
    model: responses,
    prompt: "When is high tide? [[search tide tables]]",
    tools: { web_search: openai.tools.webSearch({}) },
  });
  assert.ok(result.text.trim());
  assert.ok(result.sources.length > 0);
});

test("a web search of Anthropic's provider gives sources", async () => {
  const { anthropic, messages } = served.client;
  const result = await generateText({
    ...options,
    model: messages,
    prompt: "When is high tide? [[search tide tables]]",
    tools: { web_search: anthropic.tools.webSearch_20250305({}) },
  });
  assert.ok(result.text.trim());
  assert.ok(result.sources.length > 0);
});
