// Reads every stream of the folder GROK2API_FRAMES with the official packages. Ends with a line
// "N passed, N failed".

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const messages = [{ role: "user", content: "x" }];

/** Options of a client whose server says `body`, whatever it is asked. */
function answering(body) {
    const headers = { "content-type": "text/event-stream" };
    const fetch = async () => new Response(body, { headers });
    return { apiKey: "x", baseURL: "http://x", maxRetries: 0, fetch };
}

async function message_events(body) {
    const client = new Anthropic(answering(body));
    const stream = client.messages.stream({ model: "grok-4", max_tokens: 9, messages });
    const message = await stream.finalMessage();
    assert(message.stop_reason && message.content.length > 0);
}

async function chat_chunks(body) {
    const client = new OpenAI(answering(body));
    const stream = client.chat.completions.stream({ model: "grok-4", messages });
    const completion = await stream.finalChatCompletion();
    assert(completion.choices[0].finish_reason);
}

async function response_events(body) {
    const client = new OpenAI(answering(body));
    const stream = client.responses.stream({ model: "grok-4", input: "x" });
    const response = await stream.finalResponse();
    assert(["completed", "incomplete", "failed"].includes(response.status));
}

// An answer that broke off says so in its last frame, which is the package's own error.
const clients = {
    message_events: [message_events, "event: error\n", Anthropic.APIError],
    chat_chunks: [chat_chunks, 'data: {"error":', OpenAI.APIError],
    response_events: [response_events, null, null],
};

async function reads(target, body) {
    const [read, mark, error] = clients[target];
    const frames = body.toString("utf8").split("\n\n");
    const isBroken = mark !== null && frames.some((frame) => frame.startsWith(mark));
    try {
        await read(body);
    } catch (thrown) {
        if (isBroken && thrown instanceof error) return true;
        throw thrown;
    }
    return !isBroken;
}

const folder = process.env.GROK2API_FRAMES;
let passed = 0;
let failed = 0;
for (const target of readdirSync(folder).sort()) {
    for (const name of readdirSync(join(folder, target)).sort()) {
        let isGood = false;
        try {
            isGood = await reads(target, readFileSync(join(folder, target, name)));
        } catch (error) {
            console.error(error);
        }
        if (isGood) passed += 1;
        else {
            failed += 1;
            console.log(`not read: ${target}/${name}`);
        }
    }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
