// The real binary as gateway, in a temporary folder with a known password.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGateway as launch } from "../lib/gateway.mjs";

const binary = process.env.GROK2API_BIN;
export const password = "correct-horse-battery";

// A data folder in which only the password is set; every gateway starts with a copy of it.
const template = mkdtempSync(join(tmpdir(), "grok2api-browser-"));
execFileSync(binary, ["admin", "set-password"], {
  env: { ...process.env, DATA_DIR: template },
  input: `${password}\n`,
  stdio: ["pipe", "ignore", "inherit"],
});
process.on("exit", () => rmSync(template, { recursive: true, force: true }));

// A gateway with that password; see the launcher for the options.
export function startGateway({ settings = {}, ...options }) {
  return launch({ ...options, template, settings: { GROK2API_SERVER__DRAIN_SECS: "0", ...settings } });
}

// What a test asks of the simulator.
export function simulatorControl(url) {
  const script = async (operation, replies) => {
    const answer = await post("script", { account: "*", operation, replies });
    if (!answer.ok) throw new Error(await answer.text());
  };
  const post = (path, body) =>
    fetch(`${url}/__sim/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const get = async (path) => (await fetch(`${url}/__sim/${path}`)).json();
  return {
    reply: (...replies) => script("chat", replies),
    replyTo: (operation, ...replies) => script(operation, replies),
    // Lets one held reply of the account go on.
    release: (account) => post("release", { account }),
    requests: async (operation) =>
      (await get("requests")).requests.filter((request) => request.operation === operation),
    unused: async () => (await get("unused")).unused,
  };
}
