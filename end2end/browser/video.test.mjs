// The page for videos: making them, watching how far they are, playing, remixing, deleting.
import assert from "node:assert/strict";
import { waitUntil } from "../lib/gateway.mjs";
import { byRole, hold, isAccessible, open, settle } from "./browser.mjs";
import { pageTest } from "./harness.mjs";
import { draw, hand } from "./imagine.mjs";
import { dialog, film, held, make, play, promptField, video, videos } from "./video.mjs";

const account = "filmer-super-0001";
const accounts = [account];
const away = [/api\/list_videos net::ERR_/, /Failed to load resource: net::ERR_/, /status of 503/];
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
  const drop = (name, type) => hand(page, "drop", name, type);
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

pageTest("a cancellation that is refused says so", { accounts, expected: [/status of 503/] }, async ({ page, sim }) => {
  await sim.replyTo("video", held);
  await open(page, "/video");
  await make(page, "clouds");
  await video(page, "clouds").getByText("42%").waitFor();
  const refusal = { error: { message: "no", code: "store_unavailable" } };
  await page.route("**/v1/public/videos/*/cancel", (route) => route.fulfill({ status: 503, json: refusal }));
  await byRole(video(page, "clouds"), "button", "Cancel").click();
  await page.getByText("The server cannot save anything right now", { exact: false }).waitFor();
  await sim.release(account);
  await film(page, "clouds");
});

pageTest("a deleted video does not come back with an answer from before", { accounts }, async ({ page, sim }) => {
  await open(page, "/video");
  await make(page, "one");
  await film(page, "one");
  await sim.replyTo("video", held);
  await make(page, "two");
  const late = await hold(page, "**/api/list_videos");
  await late.asked;
  await byRole(video(page, "one"), "button", "Delete").click();
  await byRole(dialog(page, "Delete video?"), "button", "Delete").click();
  await page.getByText("Video deleted.").waitFor();
  await page.evaluate(() => {
    window.cameBack = false;
    new MutationObserver(() => (window.cameBack ||= document.querySelectorAll(".film").length > 1)).observe(document.body, {
      childList: true,
      subtree: true,
    });
  });
  late.release();
  await sim.release(account);
  await film(page, "two");
  assert.equal(await page.evaluate(() => window.cameBack), false);
  assert.equal(await videos(page).count(), 1);
});

pageTest("a film whose address has run out gets another one", { accounts, expected: [/status of 403/] }, async ({ page }) => {
  await open(page, "/video");
  await make(page, "a boat");
  const player = await film(page, "a boat");
  const address = await player.getAttribute("src");
  await page.route(`**${address}`, (route) => route.fulfill({ status: 403 }));
  await page.route("**/api/list_videos", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replace(address, `${address}?anew`) });
  });
  await player.evaluate((film) => {
    film.muted = true;
    film.play().catch(() => {});
  });
  await waitUntil(() => player.evaluate((film) => film.currentTime > 0), "it does not play");
  assert.equal(await player.getAttribute("src"), `${address}?anew`);
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
  const check = (where) => isAccessible(page, where);
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
