// The page for videos: making them, watching how far they are, playing, remixing, deleting.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { waitUntil } from "../lib/gateway.mjs";
import { byRole, drawn, open, settle } from "./browser.mjs";
import { pageTest } from "./harness.mjs";
import { draw } from "./imagine.mjs";
import { dialog, film, held, make, play, promptField, video, videos } from "./video.mjs";

const { source: axe } = createRequire(import.meta.url)("axe-core");
const account = "filmer-super-0001";
const accounts = [account];
const away = [/api\/list_videos net::ERR_/, /Failed to load resource: net::ERR_/, /status of 503/];
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

pageTest("a video tells how far it is, then it plays in the same place", { accounts }, async ({ page, sim }) => {
  await sim.replyTo("video", held);
  await open(page, "/video");
  await page.getByText("No videos yet").waitFor();
  await make(page, "a paper boat");
  const card = video(page, "a paper boat");
  await card.getByText("42%").waitFor();
  await card.locator(".film__under-way").getByText("Being made").waitFor();
  await card.getByRole("progressbar", { name: "Progress" }).waitFor();
  const place = () => card.locator(".film__stage").evaluate((one) => JSON.stringify(one.getBoundingClientRect()));
  const before = await place();
  await page.evaluate(() => (window.shifts.length = 0));
  await sim.release(account);
  const player = await film(page, "a paper boat");
  assert.equal(await place(), before, "the film has another place than its progress had");
  assert.deepEqual(await page.evaluate(() => window.shifts.filter(({ value }) => value > 0.02)), []);
  assert.ok(await player.getAttribute("poster"), "no first picture");
  const { readyState, duration, videoWidth } = await play(player);
  assert.ok(readyState >= 2 && videoWidth > 0, `ready: ${readyState}, ${videoWidth} wide`);
  assert.ok(Math.abs(duration - 6) < 0.2, `${duration} s`);
});

pageTest("a reload in the middle keeps what is under way", { accounts }, async ({ page, sim }) => {
  await sim.replyTo("video", held);
  await open(page, "/video");
  await make(page, "waves");
  await video(page, "waves").getByText("42%").waitFor();
  await page.reload();
  await settle(page);
  await video(page, "waves").getByText("42%").waitFor();
  await sim.release(account);
  await film(page, "waves");
});

pageTest(
  "a restart of the server goes on with what waited and says what was lost",
  { accounts, expected: away, settings: { GROK2API_VIDEO__CONCURRENT: "1" } },
  async ({ page, sim, site }) => {
    await sim.replyTo("video", held);
    await open(page, "/video");
    await make(page, "a lost owl");
    await video(page, "a lost owl").getByText("42%").waitFor();
    await make(page, "a waiting owl");
    await video(page, "a waiting owl").locator(".film__under-way").getByText("Waiting for its turn").waitFor();
    await site.restart();
    await film(page, "a waiting owl");
    await video(page, "a lost owl").getByText("The server was restarted while this video was made.").waitFor();
    await byRole(video(page, "a lost owl"), "button", "Use again").click();
    assert.equal(await promptField(page).inputValue(), "a lost owl");
  },
);

pageTest("a dropped picture begins the video, and others are refused in words", { accounts }, async ({ page, sim }) => {
  await open(page, "/video");
  const drop = (name, type) =>
    page.evaluate(
      ([name, type, bytes]) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([Uint8Array.from(bytes)], name, { type }));
        const event = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer });
        document.querySelector(".making").dispatchEvent(event);
      },
      [name, type, [...png]],
    );
  await drop("notes.txt", "text/plain");
  await page.getByRole("alert").getByText("notes.txt is not a PNG, JPEG or WebP picture.").waitFor();
  await drop("fox.png", "image/png");
  await byRole(page, "button", "Remove fox.png").waitFor();
  await make(page, "it runs");
  await film(page, "it runs");
  assert.equal((await sim.requests("upload")).length, 1, "the picture was not uploaded");
});

pageTest("a picture of the gallery begins a video and stays its origin", { accounts }, async ({ page }) => {
  await open(page, "/imagine");
  await draw(page, "a red fox");
  await page.getByText("4 pictures are done.").waitFor();
  await page.locator(".tile__open").first().click();
  await byRole(page, "link", "Animate").click();
  await page.getByText("Begins with this picture").waitFor();
  await make(page, "the fox runs");
  await film(page, "the fox runs");
  const strip = video(page, "the fox runs").getByRole("list", { name: "Where it comes from" });
  const [picture, own] = await strip.getByRole("listitem").all();
  await picture.getByText("Picture").waitFor();
  await waitUntil(() => picture.locator("img").evaluate((one) => one.naturalWidth > 0), "no picture of its origin");
  assert.equal(await own.getAttribute("aria-current"), "true");
  // The same by the page's own dialog.
  await page.locator(".beginning").getByRole("button").click();
  await byRole(page, "button", "Begin with a picture").click();
  await byRole(page, "button", "One of your pictures").click();
  await dialog(page, "One of your pictures").getByRole("button", { name: "a red fox" }).first().click();
  await page.getByText("Begins with this picture").waitFor();
});

pageTest("a remix stands in the strip of its source", { accounts }, async ({ page }) => {
  await open(page, "/video");
  await make(page, "a paper boat");
  await film(page, "a paper boat");
  await byRole(video(page, "a paper boat"), "button", "Remix").click();
  assert.equal(await promptField(page).inputValue(), "a paper boat");
  await promptField(page).fill("the boat at night");
  await byRole(page, "button", "Make remix").click();
  await film(page, "the boat at night");
  const labels = (prompt) => video(page, prompt).locator(".lineage__label").allInnerTexts();
  assert.deepEqual(await labels("the boat at night"), ["Source", "This one"]);
  assert.deepEqual(await labels("a paper boat"), ["This one", "Remix"]);
});

pageTest("a cancelled video is said to be and ends the upstream call", { accounts }, async ({ page, sim, site }) => {
  await sim.replyTo("video", held);
  await open(page, "/video");
  await make(page, "clouds");
  const card = video(page, "clouds");
  await card.getByText("42%").waitFor();
  await byRole(card, "button", "Cancel").click();
  await card.locator(".film__not-made").getByText("Cancelled").waitFor();
  await waitUntil(async () => (await site.readiness()).pool.leases === 0, "the account is still in use");
});

pageTest("a video that Grok withholds is asked for once and says why", { accounts }, async ({ page, sim }) => {
  await open(page, "/video");
  await make(page, "something moderated");
  await video(page, "something moderated").getByText("Grok withheld the video because of its rules.").waitFor();
  assert.equal((await sim.requests("video")).length, 1);
});

pageTest("what cannot be made says why and what to do", { accounts: [] }, async ({ page }) => {
  await open(page, "/video");
  await make(page, "a tree");
  await video(page, "a tree").getByText("No account can make videos").waitFor();
  await byRole(video(page, "a tree"), "link", "Look at the accounts").waitFor();
});

pageTest("several are made at once, and a deleted one is gone for good", { accounts }, async ({ page }) => {
  await open(page, "/video");
  for (const prompt of ["one", "two", "three"]) await make(page, prompt);
  for (const prompt of ["one", "two", "three"]) await film(page, prompt);
  await byRole(video(page, "two"), "button", "Delete").click();
  await byRole(dialog(page, "Delete video?"), "button", "Delete").click();
  await page.getByText("Video deleted.").waitFor();
  assert.equal(await videos(page).count(), 2);
  await page.reload();
  await settle(page);
  await waitUntil(async () => (await videos(page).count()) === 2, "the deletion was not kept");
});

pageTest("the prompt is sent by keyboard and the choices are kept", { accounts }, async ({ page, sim }) => {
  await open(page, "/video");
  await page.getByRole("button", { name: /^Shape, length and resolution/ }).click();
  for (const name of ["9:16", "10 s", "720p", "Fun"]) await page.getByRole("radio", { name }).check({ force: true });
  await page.keyboard.press("Escape");
  await promptField(page).fill("a tower");
  await page.keyboard.press("Control+Enter");
  await film(page, "a tower");
  await video(page, "a tower").getByText("10 s · 9:16 · 720p · Fun").waitFor();
  assert.equal((await sim.requests("video")).length, 1);
  await page.reload();
  await settle(page);
  await page.getByText("9:16 · 10 s · 720p").first().waitFor();
  await promptField(page).focus();
  await page.keyboard.press("ArrowUp");
  assert.equal(await promptField(page).inputValue(), "a tower");
});

pageTest(
  "no video is cut off on a phone",
  { accounts, browser: { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true } },
  async ({ page }) => {
    await open(page, "/video");
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(await width(), 360);
    await page.getByRole("button", { name: /^Shape, length and resolution/ }).click();
    assert.equal(await width(), 360);
    await page.keyboard.press("Escape");
    await byRole(page, "button", "Begin with a picture").click();
    assert.equal(await width(), 360);
    await page.keyboard.press("Escape");
    await make(page, "a very tall tree");
    await film(page, "a very tall tree");
    assert.equal(await width(), 360);
  },
);

pageTest("the page for videos is accessible in every state", { accounts, timeout: 120_000 }, async ({ page, sim }) => {
  const check = async (where) => {
    for (const theme of ["light", "dark"]) {
      await page.locator("html").evaluate((root, theme) => root.setAttribute("data-theme", theme), theme);
      await drawn(page);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      const found = violations
        .filter(({ impact }) => impact !== "minor")
        .map(({ id, nodes }) => `${where}, ${theme}: ${id}: ${nodes.map(({ target }) => target).join(" | ")}`);
      assert.deepEqual(found, []);
    }
  };
  await open(page, "/video");
  await page.getByText("No videos yet").waitFor();
  await check("empty");
  await page.getByRole("button", { name: /^Shape, length and resolution/ }).click();
  await check("choices");
  await page.keyboard.press("Escape");
  await byRole(page, "button", "Begin with a picture").click();
  await check("sources");
  await page.keyboard.press("Escape");
  await sim.replyTo("video", held);
  await make(page, "a pear");
  await video(page, "a pear").getByText("42%").waitFor();
  await check("under way");
  await sim.release(account);
  await film(page, "a pear");
  await make(page, "a moderated pear");
  await video(page, "a moderated pear").getByText("Grok withheld").waitFor();
  await byRole(video(page, "a pear"), "button", "Remix").click();
  await check("remix");
  await promptField(page).fill("two pears");
  await byRole(page, "button", "Make remix").click();
  await film(page, "two pears");
  await check("films");
  await byRole(video(page, "a pear"), "button", "Delete").click();
  await check("asking");
});
