// One browser for a file of tests; for each test a gateway, a simulator and a browser context of
// its own, and a watch that fails the test on anything that a person would find in the console.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { chromium } from "playwright-core";
import { startSimulator } from "../openai-node/harness.mjs";
import { password, simulatorControl, startGateway } from "./server.mjs";

export { waitUntil } from "../openai-node/harness.mjs";
export { password };

// So slow that a person, and a test, can see an answer grow.
export const visiblePace = ["--interval-ms", "60"];
const patience = 10_000;
// What a page that is left no longer waits for.
const leftBehind = /\/(favicon\.svg|api\/list_accounts) net::ERR_ABORTED$/;

const browser = await chromium.launch({
  executablePath: process.env.GROK2API_CHROMIUM || "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
after(() => browser.close());

// Runs `body({ page, context, site, sim, watch })`.
//   accounts   credentials in the pool            serve     arguments such as --demo (no `sim` then)
//   settings   environment of the gateway         pace      arguments of the simulator
//   browser    options of the browser context     signedIn  start with a session (default true)
//   expected   patterns of console lines and failed requests that belong to the test
export function pageTest(name, options, body) {
  test(name, { timeout: 60_000 }, async () => {
    const cleanup = [];
    const failures = [];
    const attempt = (step) => Promise.resolve().then(step).catch((error) => failures.push(error));
    await attempt(async () => body(await prepare(options, cleanup)));
    for (const step of cleanup.reverse()) await attempt(step);
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, failures.map(String).join("\n"));
  });
}

async function prepare(options, cleanup) {
  const { serve, settings, accounts, pace = [], expected = [], signedIn = true } = options;
  const simulator = serve ? undefined : await startSimulator(...pace);
  if (simulator) cleanup.push(simulator.stop);
  const sim = simulator && simulatorControl(simulator.url);
  const site = await startGateway({ upstream: simulator?.url, accounts, serve, settings });
  cleanup.push(site.stop);
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    ...options.browser,
    baseURL: site.url,
  });
  context.setDefaultTimeout(patience);
  await context.addInitScript(observe);
  const watch = watchOver(context, site.url, expected);
  cleanup.push(async () => {
    watch.stop();
    await context.close();
    watch.verify();
    if (sim) assert.deepEqual(await sim.unused(), [], "scripted replies were left unused");
  });
  if (signedIn) await signIn(context, site);
  const page = await context.newPage();
  return { page, context, site, sim, watch };
}

// A session without the sign-in page.
async function signIn(context, site) {
  const answer = await context.request.post("/api/sign_in", {
    form: { password, next: "/" },
    headers: { origin: site.url },
    maxRedirects: 0,
  });
  assert.ok(answer.status() < 400, `signing in answered ${answer.status()}`);
}

// Collects what must not happen. `expected` lets through what a test provokes.
function watchOver(context, origin, expected) {
  const problems = [];
  let isWatching = true;
  const report = (problem) => {
    const [text] = problem.split("\n\nStack:");
    if (isWatching && ![leftBehind, ...expected].some((one) => one.test(text))) problems.push(text);
  };
  context.on("console", (message) => {
    const isProblem = ["error", "warning", "assert"].includes(message.type());
    if (isProblem) report(`console ${message.type()}: ${message.text()}`);
  });
  context.on("weberror", (error) => report(`uncaught: ${error.error()}`));
  context.on("requestfailed", (request) => {
    report(`failed request: ${request.url()} ${request.failure()?.errorText}`);
  });
  context.on("request", (request) => {
    const url = new URL(request.url());
    const isOurs = url.origin === origin || ["data:", "blob:"].includes(url.protocol);
    if (!isOurs) report(`request to another host: ${url}`);
  });
  return {
    stop: () => {
      isWatching = false;
    },
    verify: () => assert.deepEqual(problems, [], "the page had problems"),
  };
}

// Runs in the page before everything else: notes who listens and what moves.
function observe() {
  const listeners = new WeakSet();
  const add = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (...rest) {
    listeners.add(this);
    return add.apply(this, rest);
  };
  window.isListening = (element) => listeners.has(element);
  window.shifts = [];
  const shifts = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!entry.hadRecentInput) {
        const who = entry.sources.map(({ node }) => node?.className || node?.nodeName);
        window.shifts.push({ value: entry.value, who });
      }
    }
  });
  shifts.observe({ type: "layout-shift", buffered: true });
}

// Opens a page and waits until our code has taken over all of its buttons.
export async function open(page, path) {
  const response = await page.goto(path);
  await settle(page);
  return response;
}

// Waits until the router follows links and every button that can be seen answers to a press.
export async function settle(page) {
  await page.waitForFunction(() => {
    const buttons = [...document.querySelectorAll("button[type=button]")];
    const seen = buttons.filter((button) => button.checkVisibility());
    return window.isListening(window) && seen.every((button) => window.isListening(button));
  });
}

// Waits until the page has drawn what it was told.
export async function drawn(page) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

export const byRole = (page, role, name, options = {}) =>
  page.getByRole(role, { name, exact: true, ...options });
