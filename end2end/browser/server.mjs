// The real binary as gateway, in a temporary folder with a known password.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitUntil } from "../openai-node/harness.mjs";

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

// `accounts` are credentials; the simulator's behaviour follows from their names. `serve` are
// further arguments, `settings` environment variables.
export async function startGateway({ upstream, accounts = [], serve = [], settings = {} }) {
  const folder = mkdtempSync(join(tmpdir(), "grok2api-browser-"));
  cpSync(template, folder, { recursive: true });
  const paid = accounts.filter((name) => name.includes("super"));
  const basic = accounts.filter((name) => !name.includes("super"));
  writeFileSync(join(folder, "token.json"), JSON.stringify({ ssoBasic: basic, ssoSuper: paid }));
  const upstreamUrls = upstream && {
    GROK2API_UPSTREAM__WEB_URL: upstream,
    GROK2API_UPSTREAM__ASSETS_URL: upstream,
  };
  const child = spawn(binary, ["serve", ...serve], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      ...process.env,
      DATA_DIR: folder,
      SERVER_HOST: "127.0.0.1",
      SERVER_PORT: "0",
      LOG_LEVEL: "error",
      GROK2API_SERVER__DRAIN_SECS: "0",
      ...upstreamUrls,
      ...settings,
    },
  });
  const address = join(folder, "server.addr");
  const isUp = () => {
    if (child.exitCode !== null) throw new Error("the gateway ended at once");
    return existsSync(address) && readFileSync(address, "utf8").endsWith("\n");
  };
  await waitUntil(isUp, "the gateway did not start");
  const url = `http://${readFileSync(address, "utf8").trim()}`;
  return {
    url,
    pool: async () => (await (await fetch(`${url}/readyz`)).json()).pool,
    stop: async () => {
      const ended = once(child, "exit");
      if (child.exitCode === null && child.kill("SIGTERM")) await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// What a test asks of the simulator.
export function simulatorControl(url) {
  const post = (path, body) =>
    fetch(`${url}/__sim/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const get = async (path) => (await fetch(`${url}/__sim/${path}`)).json();
  return {
    reply: async (...replies) => {
      const answer = await post("script", { account: "*", replies });
      if (!answer.ok) throw new Error(await answer.text());
    },
    requests: async (operation) =>
      (await get("requests")).requests.filter((request) => request.operation === operation),
    unused: async () => (await get("unused")).unused,
  };
}
