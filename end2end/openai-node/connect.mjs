// The official npm client, connected to a server of a test.
import { createRequire } from "node:module";

import { apiKey } from "../lib/gateway.mjs";

// NODE_PATH, where the packages are, is honoured by require only.
export const { default: OpenAI, toFile } = createRequire(import.meta.url)("openai");

export const connect = (server, options = {}) =>
  new OpenAI({ baseURL: `${server.url}/v1`, apiKey, maxRetries: 0, timeout: 20_000, ...options });
