// Starts the real binary as simulator and as gateway, on free ports and in a temporary folder.
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const binary = process.env.GROK2API_BIN;
export const apiKey = "sk-test-node";
// For a gateway that wants that key.
export const keyed = { GROK2API_APP__API_KEY: apiKey };

export async function startSimulator(...args) {
  const child = spawn(binary, ["sim", "--listen", "127.0.0.1:0", "--pace", "full", ...args], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const lines = createInterface({ input: child.stdout });
  const { value: line } = await lines[Symbol.asyncIterator]().next();
  return { url: line.trim().split(/\s+/).pop(), stop: () => end(child) };
}

// `accounts` are credentials; the simulator's behaviour follows from their names. `serve` are further
// arguments, `settings` environment variables, `template` a data folder to start with a copy of.
export async function startGateway({ upstream, accounts = [], serve = [], settings = {}, template }) {
  const folder = mkdtempSync(join(tmpdir(), "grok2api-"));
  if (template) cpSync(template, folder, { recursive: true });
  const paid = accounts.filter((name) => name.includes("super"));
  const basic = accounts.filter((name) => !name.includes("super"));
  writeFileSync(join(folder, "token.json"), JSON.stringify({ ssoBasic: basic, ssoSuper: paid }));
  const address = join(folder, "server.addr");
  const environment = {
    ...process.env,
    DATA_DIR: folder,
    SERVER_HOST: "127.0.0.1",
    LOG_LEVEL: "error",
    ...(upstream && {
      GROK2API_UPSTREAM__WEB_URL: upstream,
      GROK2API_UPSTREAM__ASSETS_URL: upstream,
      GROK2API_UPSTREAM__ACCOUNTS_URL: upstream,
      GROK2API_UPSTREAM__LIVEKIT_URL: upstream.replace(/^http/, "ws"),
    }),
    ...settings,
  };
  const begin = async (port) => {
    rmSync(address, { force: true });
    const env = { ...environment, SERVER_PORT: port };
    const child = spawn(binary, ["serve", ...serve], { stdio: ["ignore", "ignore", "inherit"], env });
    const isUp = () => {
      if (child.exitCode !== null) throw new Error("the gateway ended at once");
      return existsSync(address) && readFileSync(address, "utf8").endsWith("\n");
    };
    await waitUntil(isUp, "the gateway did not start", 30);
    return child;
  };
  let child = await begin("0");
  const url = `http://${readFileSync(address, "utf8").trim()}`;
  return {
    url,
    folder,
    // A new process at the same address, with the same folder.
    restart: async () => {
      await end(child);
      child = await begin(new URL(url).port);
    },
    readiness: async () => (await fetch(`${url}/readyz`)).json(),
    stop: async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// Polls until `isSo` holds; fails with `what`.
export async function waitUntil(isSo, what, limitSecs = 10) {
  for (let tries = 0; tries < limitSecs * 50; tries++) {
    if (await isSo()) return;
    await sleep(20);
  }
  throw new Error(what);
}

function end(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once("exit", resolve);
    child.kill("SIGTERM");
  });
}
