// The official Anthropic client for npm, connected to a server of a test.
import { createRequire } from "node:module";

import { apiKey } from "../lib/gateway.mjs";

// NODE_PATH, where the packages are, is honoured by require only.
export const { default: Anthropic } = createRequire(import.meta.url)("@anthropic-ai/sdk");

export const connect = (server, options = {}) =>
  new Anthropic({ baseURL: server.url, apiKey, maxRetries: 0, timeout: 20_000, ...options });
