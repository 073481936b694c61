// The voice page, with Chromium's fake microphone and the simulator's room.
import assert from "node:assert/strict";
import { waitUntil } from "../lib/gateway.mjs";
import { axeFinds, byRole, hold, microphone, open } from "./browser.mjs";
import { pageTest } from "./harness.mjs";

const accounts = ["viewer-basic-0001"];
const settings = { GROK2API_APP__PUBLIC_ENABLED: "true" };
const usual = { accounts, settings, signedIn: false, flags: microphone };

const start = (page) => byRole(page, "button", "Start talking").click();
const phase = (page, words) => page.locator(".voice__phase").getByText(words, { exact: true }).waitFor();
// Waits until a meter shows so much sound, or none.
const meterOver = (page, name, least) =>
  page.waitForFunction(
    ([name, least]) => document.querySelector(`meter[aria-label="${name}"]`).value >= least,
    [name, least],
  );
const meterAtRest = (page, name) =>
  page.waitForFunction((name) => document.querySelector(`meter[aria-label="${name}"]`).value === 0, name);

// Notes every microphone that is opened.
const watchMicrophones = (page) =>
  page.addInitScript(() => {
    window.tracks = [];
    const media = navigator.mediaDevices;
    const ask = media.getUserMedia.bind(media);
    media.getUserMedia = async (wishes) => {
      const stream = await ask(wishes);
      window.tracks.push(...stream.getTracks());
      return stream;
    };
  });
const microphonesAreOff = (page) =>
  page.waitForFunction(() => window.tracks.length && window.tracks.every((track) => track.readyState === "ended"));
const hasFocus = (page, name) => () =>
  byRole(page, "button", name).evaluate((button) => button === document.activeElement);

pageTest("a talk is heard on both sides, can be muted, and gives everything back", usual, async ({ page, sim }) => {
  await watchMicrophones(page);
  await open(page, "/voice");
  await page.getByLabel("Voice", { exact: true }).selectOption("leo");
  await page.getByLabel("Personality").selectOption("storyteller");
  await page.getByLabel("Speed").fill("1.5");
  await start(page);
  await phase(page, "Connected.");
  await page.getByText("Grok: Hello! This is the simulator.").waitFor();
  await meterOver(page, "Grok", 20);
  await meterOver(page, "You", 20);
  const [asked] = await sim.requests("voice");
  const session = JSON.parse(asked.body.sessionPayload);
  assert.deepEqual([session.voice, session.personality, session.playback_speed], ["leo", "storyteller", 1.5]);
  // The room repeats what the microphone says, once the greeting is over.
  await page.getByText("Grok: I heard you for", { exact: false }).waitFor({ timeout: 30_000 });
  await byRole(page, "button", "Mute").click();
  await meterAtRest(page, "You");
  await byRole(page, "button", "Unmute").click();
  await meterOver(page, "You", 20);
  assert.notEqual(await page.getByRole("timer").innerText(), "0:00");
  assert.deepEqual(await axeFinds(page, "talking"), []);
  assert.deepEqual(await page.evaluate(() => window.tracks.map((track) => track.readyState)), ["live"]);
  // Leaving by a link of the page itself: nothing is loaded anew.
  await byRole(page, "link", "Chat").click();
  await page.locator("#composer, textarea").first().waitFor();
  await microphonesAreOff(page);
  assert.equal(await page.locator("audio").count(), 0);
  await waitUntil(async () => (await sim.requests("room"))[0].finished, "the room is still open");
});

pageTest("hanging up ends the talk, and the log can be cleared", usual, async ({ page }) => {
  await open(page, "/voice");
  await start(page);
  await phase(page, "Connected.");
  await byRole(page, "button", "Hang up").click();
  await phase(page, "Not connected.");
  await page.getByText("You hung up.").waitFor();
  await byRole(page, "button", "Clear").click();
  await page.getByText("What is said and what happens is written here.").waitFor();
  await start(page);
  await phase(page, "Connected.");
});

for (const [what, giveUp] of [
  ["hung up", (page) => byRole(page, "button", "Hang up").click()],
  ["left", (page) => byRole(page, "link", "Chat").click()],
]) {
  pageTest(
    `the microphone is off at once when a talk is ${what} before it begins`,
    { ...usual, expected: [/voice\/token\S* net::ERR_ABORTED/] },
    async ({ page, sim }) => {
      await watchMicrophones(page);
      await open(page, "/voice");
      const held = await hold(page, "**/v1/public/voice/token*");
      await start(page);
      await held.asked;
      await giveUp(page);
      await microphonesAreOff(page);
      held.release();
      await byRole(page, "link", "Imagine").click();
      await page.getByLabel("What to draw").waitFor();
      assert.deepEqual(await sim.requests("voice"), [], "an account pays for it");
    },
  );
}

pageTest("the focus follows from one button of a talk to the other", usual, async ({ page }) => {
  await open(page, "/voice");
  await byRole(page, "button", "Start talking").focus();
  await page.keyboard.press("Enter");
  await waitUntil(hasFocus(page, "Hang up"), "the focus is lost");
  await phase(page, "Connected.");
  await page.keyboard.press("Enter");
  await waitUntil(hasFocus(page, "Start talking"), "the focus is lost");
});

pageTest("a microphone that cannot be used is not shown as chosen", usual, async ({ page }) => {
  await open(page, "/voice");
  await start(page);
  await phase(page, "Connected.");
  const choice = page.getByLabel("Microphone", { exact: true });
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotReadableError"));
  });
  await choice.selectOption({ index: 1 });
  await page.getByText("That microphone cannot be used.").waitFor();
  assert.equal(await choice.inputValue(), "");
});

pageTest(
  "a room that is closed says so and can be opened again",
  { ...usual, accounts: ["viewer-dropping-0001"] },
  async ({ page, sim }) => {
    await open(page, "/voice");
    await start(page);
    await page.getByRole("alert").getByText("The voice room is gone.", { exact: false }).waitFor();
    await byRole(page, "button", "Connect again").click();
    await phase(page, "Connected.");
    assert.equal((await sim.requests("room")).length, 2);
  },
);

const refused = [/rtc\/validate|WebSocket|voice\/token|status of (401|429|502|503)/];
for (const [what, options, words] of [
  ["no account", { accounts: ["viewer-429-0001"] }, "No account can open a voice room now."],
  ["no token in the answer", { accounts: ["viewer-notoken-0001"] }, "Grok did not open a voice room."],
  ["a room that refuses", { accounts: ["viewer-nojoin-0001"] }, "The voice room could not be reached."],
]) {
  pageTest(`the page says what is wrong: ${what}`, { ...usual, ...options, expected: refused }, async ({ page }) => {
    await open(page, "/voice");
    await start(page);
    await page.getByRole("alert").getByText(words, { exact: false }).waitFor({ timeout: 20_000 });
    await byRole(page, "button", "Try again").waitFor();
    await phase(page, "Not connected.");
  });
}

// What browsers answer for a microphone that is missing, refused or in use.
for (const [name, words] of [
  ["NotFoundError", "There is no microphone."],
  ["NotAllowedError", "The browser may not use your microphone."],
  ["NotReadableError", "The microphone cannot be opened."],
]) {
  pageTest(`the page says what is wrong with the microphone: ${name}`, usual, async ({ page, sim }) => {
    await page.addInitScript((name) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", name));
    }, name);
    await open(page, "/voice");
    await start(page);
    await page.getByRole("alert").getByText(words, { exact: false }).waitFor();
    assert.deepEqual(await sim.requests("voice"), [], "no account pays for it");
  });
}

pageTest("without https the page says so at once", usual, async ({ page }) => {
  await page.addInitScript(() => Object.defineProperty(window, "isSecureContext", { value: false }));
  await open(page, "/voice");
  await page.getByRole("alert").getByText("only over https", { exact: false }).waitFor();
});

pageTest(
  "the page speaks Chinese and fits a phone",
  { ...usual, browser: { locale: "zh-CN", viewport: { width: 390, height: 844 } } },
  async ({ page }) => {
    await open(page, "/voice");
    await byRole(page, "button", "开始通话").click();
    await phase(page, "已连接。");
    assert.deepEqual(await axeFinds(page, "talking"), []);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 390, `${width} pixels wide`);
  },
);
