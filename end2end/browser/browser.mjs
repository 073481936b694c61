// A real Chromium, and how to know that a page is ready for a person.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { password } from "./server.mjs";

const { source: axe } = createRequire(import.meta.url)("axe-core");
const patience = 10_000;

// A microphone that beeps, and whose use nobody is asked about. The simulator's voice room is on this
// machine, also where there is no other network.
export const microphone = [
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  "--allow-loopback-in-peer-connection",
];

export const launch = (options, flags = []) =>
  chromium.launch({
    ...options,
    executablePath: process.env.GROK2API_CHROMIUM || "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...flags,
    ],
  });

// A browser profile of its own for this site.
export async function newContext(browser, site, options) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    ...options,
    baseURL: site.url,
  });
  context.setDefaultTimeout(patience);
  await context.addInitScript(observe);
  return context;
}

// A session without the sign-in page.
export async function signIn(context, site) {
  const answer = await context.request.post("/api/sign_in", {
    form: { password, next: "/" },
    headers: { origin: site.url },
    maxRedirects: 0,
  });
  assert.ok(answer.status() < 400, `signing in answered ${answer.status()}`);
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
    // The buttons of code in an answer have one listener for all.
    const buttons = [...document.querySelectorAll("button[type=button]:not([data-copy-code])")];
    const seen = buttons.filter((button) => button.checkVisibility());
    return window.isListening(window) && seen.every((button) => window.isListening(button));
  });
}

// Waits until the page has drawn what it was told and nothing slides or fades any more.
export async function drawn(page) {
  await page.evaluate(async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const ending = document.getAnimations().filter(
      (animation) => animation.effect.getComputedTiming().endTime !== Infinity,
    );
    await Promise.allSettled(ending.map((animation) => animation.finished));
  });
}

// What axe finds of weight. `page.evaluate` is not bound by the page's own content policy.
export async function axeFinds(page, where) {
  await drawn(page);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations
    .filter(({ impact }) => impact !== "minor")
    .map(({ id, impact, nodes }) => {
      const places = nodes.map(({ target, any }) => `${target} ${any[0]?.message ?? ""}`);
      return `${where}: ${impact} ${id}: ${places.slice(0, 5).join(" | ")}`;
    });
}

// Fails on what axe finds in one of the themes.
export async function isAccessible(page, where) {
  for (const theme of ["light", "dark"]) {
    await page.locator("html").evaluate((root, theme) => root.setAttribute("data-theme", theme), theme);
    assert.deepEqual(await axeFinds(page, `${where}, ${theme}`), []);
  }
}

// Holds the requests to an address: `asked` resolves with the first of them, `release` lets them go on.
export async function hold(page, pattern) {
  const held = { count: 0 };
  let isAsked;
  held.asked = new Promise((resolve) => (isAsked = resolve));
  const released = new Promise((resolve) => (held.release = resolve));
  await page.route(pattern, async (route) => {
    held.count += 1;
    isAsked();
    await released;
    // Whoever asked may have given up.
    await route.continue().catch(() => {});
  });
  return held;
}

export const byRole = (page, role, name, options = {}) =>
  page.getByRole(role, { name, exact: true, ...options });
