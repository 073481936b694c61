// The page for pictures: drawing, the gallery, the large picture, choosing, endless drawing.
import assert from "node:assert/strict";
import { waitUntil } from "../lib/gateway.mjs";
import { byRole, drawn, isAccessible, open, settle } from "./browser.mjs";
import { pageTest } from "./harness.mjs";
import {
  choose,
  draw,
  failedTiles,
  fillGallery,
  hand,
  lightbox,
  pictures,
  promptField,
  references,
  stopButton,
  tiles,
  zipped,
} from "./imagine.mjs";

const accounts = ["painter-basic-0001", "painter-super-0002"];
const slow = ["--interval-ms", "60"];
// How Chromium reports an address that turns out to be a file to save.
const saved = /media\/zip net::ERR_ABORTED$/;
const aborted = /images\/(generations|edits) net::ERR_ABORTED/;
pageTest("pictures sharpen in their place", { accounts, pace: slow }, async ({ page }) => {
  await open(page, "/imagine");
  await page.getByText("No pictures yet").waitFor();
  await page.evaluate(() => {
    window.shifts.length = 0;
    window.sources = [];
    window.emptied = [];
    new MutationObserver((changes) => {
      const images = changes.map(({ target }) => target).filter((one) => one.matches?.(".tile__image"));
      window.sources.push(...images.map((image) => image.getAttribute("src").slice(0, 12)));
      requestAnimationFrame(() => {
        const emptied = images.filter((image) => !image.naturalWidth);
        window.emptied.push(...emptied.map((image) => image.getAttribute("src").slice(0, 60)));
      });
    }).observe(document.body, { subtree: true, attributeFilter: ["src"] });
  });
  await draw(page, "a red fox in the snow");
  await waitUntil(async () => (await tiles(page).count()) === 4, "no places for the pictures");
  const places = () => tiles(page).evaluateAll((all) => all.map((one) => JSON.stringify(one.getBoundingClientRect())));
  const before = await places();
  await page.getByText(/of 4 done/).waitFor();
  await page.getByText("4 pictures are done.").waitFor();
  assert.deepEqual(await places(), before, "a picture has moved or changed its size");
  assert.deepEqual(await page.evaluate(() => window.shifts.filter(({ value }) => value > 0.001)), []);
  const sources = await page.evaluate(() => window.sources);
  assert.ok(sources.some((source) => source.startsWith("data:image")), "no stage was seen");
  await drawn(page);
  for (const image of await tiles(page).locator("img").all()) {
    await waitUntil(
      () => image.evaluate((one) => one.src.includes("/v1/files/") && one.complete && one.naturalWidth > 0),
      "a finished picture is not seen",
    );
  }
  assert.deepEqual(await page.evaluate(() => window.emptied), [], "a picture was empty before it sharpened");
});

pageTest("the gallery is there again after a reload", { accounts }, async ({ page }) => {
  await open(page, "/imagine");
  await draw(page, "a lighthouse");
  await page.getByText("4 pictures are done.").waitFor();
  await page.reload();
  await settle(page);
  await waitUntil(async () => (await pictures(page).count()) === 4, "the pictures are gone");
  await byRole(page, "button", "Earlier prompts").click();
  await byRole(page.locator(".history"), "button", "a lighthouse").click();
  assert.equal(await promptField(page).inputValue(), "a lighthouse");
});

pageTest("a prompt that Grok withholds is said to be, and the rest of the page works", { accounts }, async ({ page }) => {
  await open(page, "/imagine");
  await draw(page, "something moderated");
  await page.getByRole("alert").getByText("Grok withheld pictures because of its rules.").waitFor();
  await waitUntil(async () => (await failedTiles(page).count()) === 4, "the places do not say so");
  await byRole(page.getByRole("alert"), "button", "Dismiss").click();
  await byRole(failedTiles(page).first(), "button", "Remove").click();
  await waitUntil(async () => (await failedTiles(page).count()) === 3, "it is still there");
  await draw(page, "a harmless tree");
  await page.getByText("4 pictures are done.").waitFor();
});

pageTest("pictures that did not come are walked through and removed by keyboard", { accounts }, async ({ page }) => {
  await open(page, "/imagine");
  await draw(page, "something moderated");
  await waitUntil(async () => (await failedTiles(page).count()) === 4, "the places do not say so");
  const hasFocus = (at) => () =>
    byRole(failedTiles(page).nth(at), "button", "Remove").evaluate((button) => button === document.activeElement);
  await byRole(failedTiles(page).first(), "button", "Remove").focus();
  await page.keyboard.press("ArrowRight");
  await waitUntil(hasFocus(1), "the arrow does not walk");
  await page.keyboard.press("Enter");
  await waitUntil(async () => (await failedTiles(page).count()) === 3, "it is still there");
  await waitUntil(hasFocus(1), "the focus is not on the one in its place");
  await byRole(page.getByRole("alert"), "button", "Remove all that failed").click();
  await waitUntil(async () => (await tiles(page).count()) === 0, "some are still there");
});

pageTest(
  "endless drawing goes on until it is stopped, and stopping ends the request",
  { accounts, pace: slow, expected: [aborted] },
  async ({ page, site }) => {
    await open(page, "/imagine");
    await choose(page, "Endless: draw on until stopped");
    await draw(page, "waves");
    await page.getByText(/^Batch 2: /).waitFor();
    await stopButton(page).click();
    await page.getByText("Stopped.").waitFor();
    await waitUntil(async () => (await site.readiness()).pool.leases === 0, "the account is still in use");
    const count = await pictures(page).count();
    assert.equal(await tiles(page).count(), count, "something is still being drawn");
    assert.ok(count >= 4);
  },
);

pageTest("endless drawing ends with a picture that is withheld", { accounts }, async ({ page, sim }) => {
  await open(page, "/imagine");
  await choose(page, "Endless: draw on until stopped");
  await draw(page, "moderated waves");
  await page.getByRole("alert").getByText("Grok withheld pictures").waitFor();
  assert.equal((await sim.requests("imagine")).length, 1, "asked again");
  await byRole(page, "button", "Draw").waitFor();
});

pageTest("a picture is looked at by keyboard alone", { accounts }, async ({ page }) => {
  await open(page, "/imagine");
  await draw(page, "a pear");
  await page.getByText("4 pictures are done.").waitFor();
  await pictures(page).first().focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  const box = lightbox(page);
  await box.getByText("2 / 4").waitFor();
  await page.keyboard.press("ArrowRight");
  await box.getByText("3 / 4").waitFor();
  await page.keyboard.press("End");
  await box.getByText("4 / 4").waitFor();
  await page.keyboard.press("Home");
  await box.getByText("1 / 4").waitFor();
  await page.keyboard.press("+");
  await waitUntil(() => box.locator(".is-enlarged").isVisible(), "it is not enlarged");
  await page.keyboard.press("0");
  await waitUntil(async () => !(await box.locator(".is-enlarged").isVisible()), "it stays enlarged");
  await box.getByText(/\d+ × \d+ · /).waitFor();
  await page.keyboard.press("Escape");
  await box.waitFor({ state: "hidden" });
  await waitUntil(
    () => pictures(page).first().evaluate((first) => first === document.activeElement),
    "the focus is not on the picture that was shown",
  );
});

pageTest("chosen pictures are saved together and deleted for good", { accounts, expected: [saved] }, async ({ page }) => {
  await open(page, "/imagine");
  await draw(page, "a boat");
  await page.getByText("4 pictures are done.").waitFor();
  await pictures(page).first().focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("Shift+ArrowRight");
  await page.locator(".selection").getByText("2 selected").waitFor();
  await pictures(page).nth(3).click({ modifiers: ["Shift"] });
  await page.locator(".selection").getByText("4 selected").waitFor();
  const download = page.waitForEvent("download");
  await byRole(page, "button", "Download ZIP").click();
  const archive = await download;
  assert.match(archive.suggestedFilename(), /\.zip$/);
  const files = zipped(await archive.path());
  assert.equal(new Set(files.map(({ name }) => name)).size, 4);
  for (const { name, start } of files) {
    assert.match(name, /\.jpg$/);
    assert.equal(start, "ffd8ff", `${name} is no JPEG`);
  }
  await byRole(page, "button", "Clear the selection").click();
  await page.getByRole("checkbox", { name: "Select this picture" }).first().check({ force: true });
  await byRole(page, "button", "Delete").click();
  await byRole(page.getByRole("dialog", { name: "Delete pictures?" }), "button", "Delete").click();
  await page.getByText("1 picture deleted.").waitFor();
  assert.equal(await pictures(page).count(), 3);
  await waitUntil(
    () => pictures(page).first().evaluate((first) => first === document.activeElement),
    "the focus is not on the picture in its place",
  );
  await page.reload();
  await settle(page);
  await waitUntil(async () => (await pictures(page).count()) === 3, "the deletion was not kept");
});

pageTest("a dropped or pasted picture becomes a reference, and others are refused in words", { accounts }, async ({ page }) => {
  await open(page, "/imagine");
  await hand(page, "drop", "dropped.png", "image/png");
  await byRole(page, "button", "Remove dropped.png").waitFor();
  await hand(page, "paste", "pasted.png", "image/png");
  await byRole(page, "button", "Remove pasted.png").waitFor();
  await hand(page, "drop", "notes.txt", "text/plain");
  await page.getByRole("alert").getByText("notes.txt is not a PNG, JPEG or WebP picture.").waitFor();
  await byRole(page, "button", "Remove dropped.png").click();
  assert.equal(await references(page).count(), 1);
});

pageTest("an idea fills the prompt of an empty gallery", { accounts }, async ({ page }) => {
  await open(page, "/imagine");
  const idea = page.getByRole("list", { name: "Ideas to begin with" }).getByRole("button").first();
  const words = await idea.textContent();
  await idea.click();
  assert.equal(await promptField(page).inputValue(), words);
  await page.keyboard.press("Enter");
  await page.getByText("4 pictures are done.").waitFor();
  await waitUntil(async () => (await idea.count()) === 0, "the ideas are still there");
});

pageTest("Enter draws and Shift with it makes a line", { accounts }, async ({ page }) => {
  await open(page, "/imagine");
  await promptField(page).fill("two lines");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("of words");
  assert.equal(await promptField(page).inputValue(), "two lines\nof words");
  await page.keyboard.press("Enter");
  await page.getByText("4 pictures are done.").waitFor();
  assert.equal(await promptField(page).inputValue(), "two lines\nof words");
});

pageTest("pictures are made from one of the gallery and a file together", { accounts }, async ({ page, sim }) => {
  await open(page, "/imagine");
  await draw(page, "a boat");
  await page.getByText("4 pictures are done.").waitFor();
  await pictures(page).first().click();
  await byRole(lightbox(page), "button", "Edit").click();
  await lightbox(page).waitFor({ state: "hidden" });
  assert.equal(await promptField(page).inputValue(), "a boat");
  await waitUntil(() => promptField(page).evaluate((field) => field === document.activeElement), "no focus");
  await hand(page, "drop", "sketch.png", "image/png");
  await waitUntil(async () => (await references(page).count()) === 2, "the references are not there");
  await draw(page, "at night");
  await waitUntil(async () => (await pictures(page).count()) === 8, "the edits did not come");
  await page.getByText("4 pictures are done.").waitFor();
  const uploads = (await sim.requests("upload")).map(({ body }) => body.fileName);
  assert.equal(uploads.length, 2);
  assert.ok(uploads.includes("sketch.png"), uploads);
  for (const { body } of await sim.requests("edit")) {
    const { prompt, inputAssets } = body.mediaGenInput.imageToImage;
    assert.equal(inputAssets.length, 2);
    assert.match(prompt, /at night/);
  }
  // They stay, for the next try.
  assert.equal(await references(page).count(), 2);
  await pictures(page).first().click();
  await lightbox(page).getByText("at night").waitFor();
});

pageTest("the pages lead to each other", { accounts }, async ({ page }) => {
  await open(page, "/");
  const nav = page.getByRole("navigation", { name: "Main navigation" });
  await page.evaluate(() => (window.isSameDocument = true));
  await byRole(nav, "link", "Imagine").click();
  await promptField(page).waitFor();
  assert.equal(await page.title(), "Imagine · grok2api");
  assert.equal(await byRole(nav, "link", "Imagine").getAttribute("aria-current"), "page");
  await byRole(nav, "link", "Chat").click();
  await page.getByLabel("Your message").waitFor();
  assert.equal(await byRole(nav, "link", "Chat").getAttribute("aria-current"), "page");
  assert.equal(await page.evaluate(() => window.isSameDocument), true, "the page was loaded again");
});

pageTest("what fails says why and what to do", { accounts: [], expected: [/status of 503/] }, async ({ page }) => {
  await open(page, "/imagine");
  await draw(page, "a tree");
  await page.getByRole("alert").getByText("No account can draw").waitFor();
  await byRole(page, "link", "Look at the accounts").waitFor();
});

pageTest(
  "nothing is cut off on a phone",
  { accounts, browser: { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true } },
  async ({ page }) => {
    await open(page, "/imagine");
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(await width(), 360);
    await page.getByRole("button", { name: /^Shape, number and quality/ }).click();
    assert.equal(await width(), 360);
    await page.keyboard.press("Escape");
    await draw(page, "a very tall tree");
    await page.getByText("4 pictures are done.").waitFor();
    assert.equal(await width(), 360);
    await pictures(page).first().tap();
    await lightbox(page).getByText("1 / 4").waitFor();
    assert.equal(await width(), 360);
  },
);

pageTest("the large view goes on past the pictures that were loaded", { accounts }, async ({ page, site }) => {
  await open(page, "/imagine");
  await draw(page, "a pear");
  await page.getByText("4 pictures are done.").waitFor();
  fillGallery(site.folder, 400);
  await page.reload();
  await settle(page);
  await waitUntil(async () => (await pictures(page).count()) > 4, "the gallery is not filled");
  await pictures(page).first().click();
  const box = lightbox(page);
  await box.getByText(/^1 \/ \d+\+$/).waitFor();
  await waitUntil(async () => {
    await page.keyboard.press("End");
    return box.getByText("404 / 404", { exact: true }).isVisible();
  }, "it ends before the gallery does");
});

pageTest(
  "with signed links, too, a finished picture has its size and a name to be saved under",
  { accounts, settings: { GROK2API_MEDIA__SIGNED_LINKS: "true" } },
  async ({ page }) => {
    await open(page, "/imagine");
    await draw(page, "a pear");
    await page.getByText("4 pictures are done.").waitFor();
    await pictures(page).first().click();
    await lightbox(page).getByText(/\d+ × \d+ · /).waitFor();
    const link = byRole(lightbox(page), "link", "Download");
    assert.match(await link.getAttribute("href"), /\?/);
    assert.match(await link.getAttribute("download"), /^[\w-]+\.jpg$/);
  },
);

pageTest("what is chosen is told from the first picture on", { accounts }, async ({ page }) => {
  await open(page, "/imagine");
  await draw(page, "a pear");
  await page.getByText("4 pictures are done.").waitFor();
  const told = page.locator("[role=status]").filter({ hasText: /selected/ });
  // The place that tells it must be there before.
  await page.evaluate(() => (window.places = [...document.querySelectorAll("[role=status]")]));
  await pictures(page).first().click({ modifiers: ["Control"] });
  await told.getByText("1 selected").waitFor({ state: "attached" });
  assert.equal(await told.evaluate((place) => window.places.includes(place)), true);
  assert.equal(await pictures(page).first().getAttribute("aria-pressed"), "true");
  assert.equal(await pictures(page).nth(1).getAttribute("aria-pressed"), "false");
  await byRole(page, "button", "Clear the selection").click();
  await waitUntil(async () => (await pictures(page).first().getAttribute("aria-pressed")) === null, "it still chooses");
});

pageTest("the focus stays near what was removed, and a panel that it leaves closes", { accounts }, async ({ page }) => {
  await open(page, "/imagine");
  await hand(page, "drop", "dropped.png", "image/png");
  await byRole(page, "button", "Remove dropped.png").focus();
  await page.keyboard.press("Enter");
  await waitUntil(() => promptField(page).evaluate((field) => field === document.activeElement), "it is lost");
  for (const prompt of ["one", "two"]) {
    await draw(page, prompt);
    await byRole(page, "button", "Draw").waitFor();
  }
  await byRole(page, "button", "Earlier prompts").click();
  const history = page.locator(".history");
  await byRole(history, "button", "Forget “one”").focus();
  await page.keyboard.press("Enter");
  await waitUntil(() => history.evaluate((list) => list === document.activeElement), "it is lost");
  await byRole(history, "button", "Forget all").focus();
  await page.keyboard.press("Tab");
  await history.waitFor({ state: "detached" });
});

pageTest("words that are pasted with a picture of themselves stay words", { accounts }, async ({ page }) => {
  await open(page, "/imagine");
  const paste = (selector, words) =>
    page.evaluate(
      ([selector, words]) => {
        const clipboardData = new DataTransfer();
        clipboardData.items.add(new File(["x"], "words.png", { type: "image/png" }));
        if (words) clipboardData.setData("text/plain", words);
        const event = new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData });
        document.querySelector(selector).dispatchEvent(event);
        return event.defaultPrevented;
      },
      [selector, words],
    );
  assert.equal(await paste("#prompt", "some words"), false);
  assert.equal(await references(page).count(), 0);
  assert.equal(await paste("#prompt", ""), true);
  await byRole(page, "button", "Remove words.png").waitFor();
});

pageTest("a gallery without a session leads to the sign-in", { accounts, expected: [/status of 401/] }, async ({ page }) => {
  await page.route("**/api/list_media", (route) => route.fulfill({ status: 401, json: { kind: "sign_in_required" } }));
  await open(page, "/imagine");
  const link = byRole(page.getByRole("alert"), "link", "Sign in");
  assert.equal(await link.getAttribute("href"), "/login?next=/imagine");
});

pageTest("the page for pictures is accessible in every state", { accounts, pace: slow }, async ({ page }) => {
  const check = (where) => isAccessible(page, where);
  await open(page, "/imagine");
  await page.getByText("No pictures yet").waitFor();
  await check("empty");
  await page.getByRole("button", { name: /^Shape, number and quality/ }).click();
  await check("choices");
  await page.keyboard.press("Escape");
  await draw(page, "a moderated pear");
  await waitUntil(() => tiles(page).first().isVisible(), "no places");
  await check("drawing");
  await page.getByRole("alert").getByText("Grok withheld pictures").waitFor();
  await check("withheld");
  await draw(page, "a pear");
  await page.getByText("4 pictures are done.").waitFor();
  await byRole(page, "button", "Earlier prompts").click();
  await check("history");
  await page.keyboard.press("Escape");
  await pictures(page).first().click({ modifiers: ["Control"] });
  await page.locator(".selection").getByText("1 selected").waitFor();
  await check("chosen");
  await byRole(page, "button", "Delete").click();
  await check("asking");
  await byRole(page.getByRole("dialog"), "button", "Cancel").click();
  await byRole(page, "button", "Clear the selection").click();
  await pictures(page).first().click();
  await lightbox(page).getByText("1 / ").waitFor();
  await check("large");
});

pageTest("5,000 pictures are scrolled through without a long task", { accounts, timeout: 180_000 }, async ({ page, site }) => {
  await open(page, "/imagine");
  await draw(page, "a pear");
  await page.getByText("4 pictures are done.").waitFor();
  fillGallery(site.folder, 4996);
  await page.reload();
  await settle(page);
  await waitUntil(async () => (await pictures(page).count()) > 4, "the gallery is not filled");
  const list = await page.locator(".wall").boundingBox();
  await page.mouse.move(list.x + list.width / 2, list.y + list.height / 2);
  const browser = page.context().browser();
  await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"] });
  const last = page.locator('[role=listitem][aria-posinset="5000"]');
  for (let step = 0; step < 400 && !(await last.count()); step++) {
    await page.mouse.wheel(0, 1500);
    await page.waitForTimeout(16);
  }
  const { traceEvents } = JSON.parse(await browser.stopTracing());
  await last.waitFor();
  assert.ok((await tiles(page).count()) < 150, "tiles out of view are in the document");
  // Processor time of the page's own thread: other work on this machine is not counted.
  const threads = traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const isPage = ({ pid, tid }) => threads.some((thread) => thread.pid === pid && thread.tid === tid);
  const tasks = traceEvents.filter((event) => event.name.endsWith("RunTask") && event.tdur && isPage(event));
  const longest = Math.max(...tasks.map(({ tdur }) => tdur / 1000));
  assert.ok(tasks.length > 100, `only ${tasks.length} tasks were seen`);
  assert.ok(longest < 100, `a task took ${longest} ms`);
});
