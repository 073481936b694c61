// Who reads up while an answer grows is never pulled back, however slowly the hand moves and
// however fast the answer comes.
import assert from "node:assert/strict";
import { waitUntil } from "../lib/gateway.mjs";
import { byRole, open } from "./browser.mjs";
import { answered, ask } from "./chat.mjs";
import { pageTest } from "./harness.mjs";

const accounts = ["scroller-super-0001"];
const aborted = /completions net::ERR_ABORTED/;
// Characters a second → what comes at once, and how often.
const speeds = [
  { name: "50 characters a second", characters: 5, interval: 100 },
  { name: "500 characters a second", characters: 25, interval: 50 },
];
const endless = 60_000;

// A long answer is on the page and another one grows, with its end in view.
async function growing({ page, sim }, { characters }) {
  const line = "Words of an answer that is longer than the page.\n\n";
  const piece = "word ".repeat(characters / 5);
  const pieces = Array.from({ length: endless / characters }, (_, at) => (at % 4 === 3 ? `${piece}\n\n` : piece));
  await sim.reply({ kind: "tokens", tokens: [line.repeat(60)] }, { kind: "tokens", tokens: pieces });
  await open(page, "/");
  await ask(page, "Much, please");
  await answered(page);
  await ask(page, "More, please");
  const list = page.getByRole("region", { name: "Messages" });
  await list.evaluate((list) => {
    list.style.scrollBehavior = "auto";
    // Every position that the page draws, for the whole test.
    window.tops = [];
    const note = () => {
      window.tops.push(list.scrollTop);
      requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
  });
  const state = () =>
    list.evaluate(({ scrollTop, scrollHeight, clientHeight }) => ({
      scrollTop,
      scrollHeight,
      fromEnd: scrollHeight - clientHeight - scrollTop,
    }));
  const grown = async (times) => {
    for (let time = 0; time < times; time++) {
      const { scrollHeight } = await state();
      await waitUntil(async () => (await state()).scrollHeight > scrollHeight, "it does not grow");
    }
  };
  await grown(2);
  await waitUntil(async () => (await state()).fromEnd <= 2, "it does not follow the end");
  return { list, state, grown, box: await list.boundingBox() };
}

// The page follows until the hand has moved it; from then on it may only go up, and stays where it
// was left.
async function reads(page, { state, grown }, gesture) {
  await page.evaluate(() => (window.tops.length = 0));
  await gesture();
  const left = await state();
  await grown(2);
  const tops = await page.evaluate(() => window.tops);
  const from = tops.findIndex((top, at) => at > 0 && top < tops[at - 1]);
  assert.ok(from > 0, `the gesture moves nothing: ${tops.join(" ")}`);
  const read = tops.slice(from);
  const pulled = read.findIndex((top, at) => at > 0 && top > read[at - 1] + 1);
  assert.equal(pulled, -1, `pulled back: ${tops.join(" ")}`);
  assert.ok(Math.abs((await state()).scrollTop - left.scrollTop) <= 1, "it does not stay there");
}

for (const speed of speeds) {
  const pace = ["--interval-ms", String(speed.interval)];
  const options = { accounts, pace, expected: [aborted] };

  pageTest(`small steps of a trackpad at ${speed.name}`, options, async (test) => {
    const { page } = test;
    const grown = await growing(test, speed);
    const { box } = grown;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await reads(page, grown, async () => {
      for (let step = 0; step < 25; step++) {
        await page.mouse.wheel(0, -2);
        await page.waitForTimeout(16);
      }
    });
    await byRole(page, "button", "Jump to latest").click();
    await waitUntil(async () => (await grown.state()).fromEnd <= 2, "the button does not lead back");
  });

  pageTest(`a slow drag of the scroll bar at ${speed.name}`, { ...options, hasScrollBars: true }, async (test) => {
    const { page } = test;
    const grown = await growing(test, speed);
    const { box, list } = grown;
    const bar = await list.evaluate((list) => list.offsetWidth - list.clientWidth);
    assert.ok(bar > 0, "there is a bar");
    // Room for a bar is kept at both edges.
    const x = box.x + box.width - bar / 4;
    // Above the arrow at the end of the bar.
    let y = box.y + box.height - 40;
    await page.mouse.move(x, y);
    await reads(page, grown, async () => {
      await page.mouse.down();
      for (let step = 0; step < 20; step++) {
        await page.mouse.move(x, (y -= 1));
        await page.waitForTimeout(40);
      }
      await page.mouse.up();
    });
  });

  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  pageTest(`a slow finger at ${speed.name}`, { ...options, browser: phone }, async (test) => {
    const { page, context } = test;
    const grown = await growing(test, speed);
    const { box } = grown;
    const screen = await context.newCDPSession(page);
    const x = box.x + box.width / 2;
    let y = box.y + box.height / 2;
    const touch = (type, points) => screen.send("Input.dispatchTouchEvent", { type, touchPoints: points });
    await reads(page, grown, async () => {
      await touch("touchStart", [{ x, y }]);
      for (let step = 0; step < 40; step++) {
        await touch("touchMove", [{ x, y: (y += 2) }]);
        await page.waitForTimeout(20);
      }
      await touch("touchEnd", []);
    });
  });
}
