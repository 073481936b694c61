// One browser for a file of tests; for each test a gateway, a simulator and a browser context of
// its own, and a watch that fails the test on anything that a person would find in the console.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startSimulator } from "../lib/gateway.mjs";
import { launch, newContext, signIn } from "./browser.mjs";
import { simulatorControl, startGateway } from "./server.mjs";

// So slow that a person, and a test, can see an answer grow.
export const visiblePace = ["--interval-ms", "60"];
// What a page that is left no longer waits for.
const leftBehind = /\/(favicon\.svg|fonts\/\S+|pkg\/\S+|v1\/files\/\S+|v1\/admin\/batch\/\S+|api\/(list_accounts|list_jobs|get_account|highlight|list_media|list_videos)) net::ERR_ABORTED$/;

const browser = await launch();
after(() => browser.close());

// Runs `body({ page, context, site, sim, watch })`.
//   accounts   credentials in the pool            serve     arguments; no `sim` with --demo
//   settings   environment of the gateway         pace      arguments of the simulator
//   browser    options of the browser context     signedIn  start with a session (default true)
//   expected   patterns of console lines and failed requests that belong to the test
//   flags      of a browser of its own, for what ordinary ones do not have
//   hasScrollBars  a browser of its own that draws them (headless ones hide them)
//   timeout    milliseconds for the whole test (default 60,000)
export function pageTest(name, options, body) {
  test(name, { timeout: options.timeout ?? 60_000 }, async () => {
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
  const simulator = serve?.includes("--demo") ? undefined : await startSimulator(...pace);
  if (simulator) cleanup.push(simulator.stop);
  const sim = simulator && simulatorControl(simulator.url);
  const site = await startGateway({ upstream: simulator?.url, accounts, serve, settings });
  cleanup.push(site.stop);
  const { flags, hasScrollBars } = options;
  const needsOwn = flags || hasScrollBars;
  const ignoreDefaultArgs = hasScrollBars ? ["--hide-scrollbars"] : [];
  const seen = needsOwn ? await launch({ ignoreDefaultArgs }, flags) : browser;
  if (seen !== browser) cleanup.push(() => seen.close());
  const context = await newContext(seen, site, options.browser);
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
