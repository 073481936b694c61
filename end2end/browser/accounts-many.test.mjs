// Many accounts: jobs with their progress, all that a filter finds, files, and how quick it is.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { bulk, choose, openDialog, row, rows, tick } from "./accounts.mjs";
import { byRole, newContext, open, signIn } from "./browser.mjs";
import { pageTest } from "./harness.mjs";

const found = "Actions for all that are found";
const still = { GROK2API_TOKEN__AUTO_REFRESH: "false" };
const named = (count, name = "crowd-basic") =>
  Array.from({ length: count }, (_, n) => `${name}-${String(n).padStart(4, "0")}`);
const strip = (page) => page.getByRole("region", { name: "Checking accounts" });

pageTest(
  "a check of all that is found is followed by two operators, told at its end, and its failures tried again",
  { accounts: [...named(30), "crowd-401-9001", "crowd-500-9002"], settings: still, timeout: 120_000 },
  async ({ page, context, site }) => {
    const other = await newContext(context.browser(), site);
    await signIn(other, site);
    const second = await other.newPage();
    await open(second, "/admin/accounts");
    await open(page, "/admin/accounts");
    await choose(page, found, "Check all that are found");
    await strip(page).getByText("Checking accounts: 2 of 32 failed").waitFor();
    await strip(second).getByText("Checking accounts: 2 of 32 failed").waitFor();
    await page.reload();
    await strip(page).getByText("Checking accounts: 2 of 32 failed").waitFor();
    await byRole(strip(page), "button", "Details").click();
    const drawer = page.getByRole("dialog", { name: "Jobs" });
    await drawer.getByText("What failed").click();
    await drawer.getByText("Grok refused its cookie").waitFor();
    await drawer.getByText("Grok cannot be reached").waitFor();
    await byRole(drawer, "button", "Try the failed ones again").click();
    await drawer.getByText("2 of 2 failed").waitFor();
    await byRole(drawer, "button", "…9001").first().waitFor({ state: "attached" });
    await other.close();
  },
);

pageTest(
  "the failures of a job are ticked, and found by the tab that the rows show",
  { accounts: [...named(60), "crowd-401-9001", "crowd-401-9002"], settings: still, timeout: 120_000 },
  async ({ page, site }) => {
    await open(page, "/admin/accounts");
    const tabs = page.getByRole("group", { name: "Filter by status" });
    assert.equal(await tabs.getByRole("button", { name: /^Failing/ }).isVisible(), false, "none fails yet");
    await choose(page, found, "Check all that are found");
    await byRole(strip(page), "button", "Details").click();
    const drawer = page.getByRole("dialog", { name: "Jobs" });
    await byRole(drawer, "button", "Select the failed ones").click();
    await page.locator(".bulk").getByText("2 selected", { exact: true }).waitFor();
    await page.waitForFunction(() => document.querySelector(".tabs").innerText.match(/Failing\s*2/));
    await tabs.getByRole("button", { name: /^Failing/ }).click();
    await page.waitForURL("/admin/accounts?state=failing");
    await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 2);
    await row(page, "9001").getByText("Failing", { exact: true }).waitFor();
    await tabs.getByRole("button", { name: /^All/ }).click();
    await page.getByLabel("Search note, tag or last 4 characters").fill("9001");
    await page.waitForFunction(() => document.querySelector(".tabs").innerText.match(/Failing\s*1/));
    await open(page, "/admin/accounts?sort=state");
    assert.deepEqual(
      (await rows(page).allInnerTexts()).slice(0, 3).map((text) => text.includes("Failing")),
      [true, true, false],
    );
    assert.equal((await site.readiness()).pool.active, 62, "they are still in service");
  },
);

pageTest(
  "the news of a job without failures goes by itself, and one with failures when it is dismissed",
  { accounts: [...named(3), "crowd-401-9001"], settings: still },
  async ({ page }) => {
    await open(page, "/admin/accounts");
    for (const ending of ["0000", "0001"]) await tick(page, ending);
    await bulk(page, "Check now").click();
    await strip(page).getByText("Checking accounts: Done").waitFor();
    await strip(page).hover();
    // Longer than it stays by itself.
    await page.waitForTimeout(10_000);
    assert.equal(await strip(page).count(), 1, "it stays under the pointer");
    await page.mouse.move(0, 0);
    // It is read for eight seconds from now on, nearly as long as anything is waited for elsewhere.
    await strip(page).waitFor({ state: "detached", timeout: 20_000 });
    await page.reload();
    await choose(page, "Actions for …9001", "Check now");
    await strip(page).getByText("Checking accounts: 1 of 1 failed").waitFor();
    await byRole(strip(page), "button", "Dismiss").click();
    await strip(page).waitFor({ state: "detached" });
    await page.reload();
    await choose(page, found, "Jobs");
    await page.getByRole("dialog", { name: "Jobs" }).getByText("1 of 1 failed").waitFor();
    assert.equal(await strip(page).count(), 0);
  },
);

pageTest(
  "a job is stopped, and gone on with",
  { accounts: named(40), settings: { ...still, GROK2API_USAGE__CONCURRENT: "1" } },
  async ({ page, sim }) => {
    await sim.replyTo("rate_limits", { kind: "hang" });
    await open(page, "/admin/accounts");
    await choose(page, found, "Check all that are found");
    await byRole(strip(page), "button", "Stop").click();
    await strip(page).getByText("Checking accounts: Stopped").waitFor();
    await byRole(strip(page), "button", "Details").click();
    const drawer = page.getByRole("dialog", { name: "Jobs" });
    await byRole(drawer, "button", "Go on").click();
    await drawer.getByText("40 of 40").waitFor();
  },
);

pageTest(
  "with 5,000 accounts only a page of rows is there, presses answer at once, and all that is found is meant",
  { accounts: named(5_000), settings: still, timeout: 180_000 },
  async ({ page, context, site }) => {
    await open(page, "/admin/accounts");
    assert.equal(await rows(page).count(), 50);
    const client = await context.newCDPSession(page);
    await client.send("Emulation.setCPUThrottlingRate", { rate: 4 });
    const slowest = await page.evaluate(async () => {
      const tasks = [];
      new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({
        type: "event",
        durationThreshold: 16,
      });
      window.eventTimes = tasks;
    });
    assert.equal(slowest, undefined);
    await page.locator("thead .checkbox").check();
    await page.locator(".bulk").getByText("50 selected", { exact: true }).waitFor();
    await rows(page).nth(3).getByRole("checkbox").uncheck();
    await page.locator(".bulk").getByText("49 selected", { exact: true }).waitFor();
    await byRole(page, "button", "Next page").click();
    await page.getByText("51–100 of 5,000").waitFor();
    await page.locator(".table__open").first().click();
    await page.getByRole("dialog", { name: "Account", exact: true }).waitFor();
    await page.keyboard.press("Escape");
    const times = await page.evaluate(() => window.eventTimes);
    console.log(`# slowest interaction at 4x: ${Math.max(0, ...times)} ms of ${times.length}`);
    await client.send("Emulation.setCPUThrottlingRate", { rate: 1 });
    await page.locator(".bulk").getByRole("button", { name: "Clear selection" }).click();
    await page.locator("thead .checkbox").check();
    await byRole(page, "button", "Select all 5,000 found").click();
    await page.locator(".bulk").getByText("5,000 selected", { exact: true }).waitFor();
    await bulk(page, "Disable").click();
    await page.getByText("5,000 accounts disabled.").waitFor({ timeout: 60_000 });
    assert.equal((await site.readiness()).pool.disabled, 5_000);
    await page.locator("thead .checkbox").check();
    await byRole(page, "button", "Select all 5,000 found").click();
    await bulk(page, "Delete").click();
    const question = page.getByRole("dialog", { name: "Delete accounts" });
    await question.getByText("5,000 accounts and their cookies are deleted.", { exact: false }).waitFor();
    await byRole(question, "button", "Delete").click();
    await page.getByText("5,000 accounts deleted.").waitFor({ timeout: 60_000 });
    await byRole(page, "button", "Undo").click();
    await page.getByText("5,000 accounts are back.").waitFor({ timeout: 60_000 });
    assert.equal((await site.readiness()).pool.total, 5_000);
  },
);

pageTest("many pasted lines are added by a job, and no keystroke waits", { accounts: ["keeper-basic-0001"] }, async ({ page, context, site }) => {
  await open(page, "/admin/accounts");
  const dialog = await openDialog(page);
  const client = await context.newCDPSession(page);
  await client.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await page.evaluate(() => {
    window.longTasks = [];
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((entry) => entry.duration))).observe({
      type: "longtask",
    });
  });
  const lines = [...named(1_000, "eyJpasted"), "not a cookie"].join("\n");
  await dialog.locator("input[type=file]").setInputFiles({
    name: "accounts.txt",
    mimeType: "text/plain",
    buffer: Buffer.from(lines),
  });
  await dialog.getByText("1,000 new · 0 already there · 1 not usable").waitFor();
  const tasks = await page.evaluate(() => window.longTasks);
  console.log(`# longest task at 4x: ${Math.max(0, ...tasks)} ms`);
  await client.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  await byRole(dialog, "button", "Add 1,000 accounts").click();
  await dialog.waitFor({ state: "hidden" });
  const job = page.getByRole("region", { name: "Adding accounts" });
  await job.getByText("Adding accounts: 1 of 1,001 failed").waitFor({ timeout: 30_000 });
  assert.equal((await site.readiness()).pool.total, 1_001);
});

pageTest("the ticked accounts are exported with their cookies, after a warning", { accounts: named(3) }, async ({ page }) => {
  await open(page, "/admin/accounts");
  await tick(page, "0000");
  await tick(page, "0002");
  await bulk(page, "Export").click();
  const dialog = page.getByRole("dialog", { name: "Export accounts" });
  await dialog.getByText("The file holds the cookies.", { exact: false }).waitFor();
  await dialog.getByText("2 accounts are written.").waitFor();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    byRole(dialog, "button", "Export").click(),
  ]);
  assert.equal(file.suggestedFilename(), "accounts.txt");
  const lines = readFileSync(await file.path(), "utf8").trim().split("\n");
  assert.deepEqual(lines, ["crowd-basic-0000", "crowd-basic-0002"]);
  await dialog.waitFor({ state: "hidden" });
  await row(page, "0001").waitFor();
});
