// The accounts page: adding, switching, deleting, finding.
import assert from "node:assert/strict";
import { bulk, choose, openDialog, row, rows, tick } from "./accounts.mjs";
import { byRole, open } from "./browser.mjs";
import { pageTest } from "./harness.mjs";

const three = ["keeper-basic-0001", "keeper-basic-0002", "keeper-super-0003"];

pageTest(
  "pasted lines are judged while typing, and the new ones become accounts",
  { accounts: ["keeper-basic-0001"] },
  async ({ page, site }) => {
    await open(page, "/admin/accounts");
    const dialog = await openDialog(page);
    const field = dialog.getByLabel("Cookies, one per line");
    const submit = dialog.getByRole("button", { name: /^Add (\d+ )?accounts?$/ });
    assert.equal(await submit.isDisabled(), true);
    await field.fill("sso=fresh-basic-0007; path=/\nkeeper-basic-0001\nnot a cookie");
    await dialog.getByText("1 new · 1 already there · 1 not usable").waitFor();
    const verdicts = await dialog.getByRole("listitem").allInnerTexts();
    assert.deepEqual(
      verdicts.map((line) => line.replace(/\s+/g, " ").trim()),
      [
        "Line 3 not a cookie Not a cookie value",
        "Line 1 …0007 New, but not like an sso cookie",
        "Line 2 …0001 Already there",
      ],
    );
    assert.ok(!(await dialog.innerText()).includes("fresh-basic-0007"), "cookies are masked");
    await field.press("End");
    await field.pressSequentially("\nfresh-basic-0008");
    await dialog.getByText("2 new · 1 already there · 1 not usable").waitFor();
    assert.equal(await submit.innerText(), "Add 2 accounts");
    await submit.click();
    await page.getByText("2 accounts added.").waitFor();
    await dialog.waitFor({ state: "hidden" });
    await row(page, "0008").waitFor();
    assert.equal(await rows(page).count(), 3);
    assert.equal((await site.readiness()).pool.active, 3);
    await open(page, "/admin/accounts");
    assert.equal(await rows(page).count(), 3, "after loading the page anew");
  },
);

pageTest("what does not look like a cookie is doubted, in every form in which one is copied", {}, async ({ page }) => {
  await open(page, "/admin/accounts");
  const dialog = await openDialog(page);
  const doubt = dialog.getByText("1 line does not look like an sso cookie, which begins with eyJ.");
  const copied = ['"eyJquoted-0001"', "Cookie: i18n=en; sso=eyJheader-0002", "sso\teyJtable-0003\t.grok.com\t/"];
  await dialog.getByLabel("Cookies, one per line").fill([...copied, "sk-abc123"].join("\n"));
  await dialog.getByText("4 new · 0 already there · 0 not usable").waitFor();
  await doubt.waitFor();
  const verdicts = await dialog.getByRole("listitem").allInnerTexts();
  assert.deepEqual(
    verdicts.map((line) => line.replace(/\s+/g, " ").trim()),
    [
      "Line 4 … New, but not like an sso cookie",
      "Line 1 …0001 New",
      "Line 2 …0002 New",
      "Line 3 …0003 New",
    ],
  );
  await dialog.getByLabel("Cookies, one per line").fill(copied.join("\n"));
  await dialog.getByText("3 new · 0 already there · 0 not usable").waitFor();
  await doubt.waitFor({ state: "detached" });
});

pageTest("what was pasted is kept until it is added, cancelled or the page is left", {}, async ({ page }) => {
  await open(page, "/admin/accounts");
  const dialog = await openDialog(page);
  const field = dialog.getByLabel("Cookies, one per line");
  const reopened = async () => {
    await dialog.waitFor({ state: "hidden" });
    await openDialog(page);
    return field.inputValue();
  };
  await field.fill("eyJpasted-0001");
  await dialog.getByText("Super (SuperGrok)").click();
  await page.keyboard.press("Escape");
  assert.equal(await reopened(), "eyJpasted-0001");
  assert.equal(await dialog.getByLabel("Super (SuperGrok)", { exact: true }).isChecked(), true);
  await dialog.getByText("1 new").waitFor();
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  assert.ok(!stored.includes("pasted"), "a secret is kept in memory alone");
  await byRole(dialog, "button", "Cancel").click();
  assert.equal(await reopened(), "");
  await field.fill("eyJpasted-0002");
  await byRole(dialog, "button", "Add 1 account").click();
  assert.equal(await reopened(), "");
  await field.fill("eyJpasted-0003");
  await page.reload();
  await openDialog(page);
  assert.equal(await field.inputValue(), "");
});

pageTest(
  "the buttons of the dialog are in sight on a phone",
  { serve: ["--demo-if-empty"], browser: { viewport: { width: 390, height: 664 } } },
  async ({ page }) => {
    await open(page, "/admin/accounts?add=1");
    const dialog = page.getByRole("dialog", { name: "Add accounts" });
    await dialog.getByLabel("Cookies, one per line").fill("eyJpasted-0001\nsk-abc123\nno cookie");
    await dialog.getByText("2 new").waitFor();
    for (const name of ["Cancel", "Add 2 accounts"]) {
      const box = await byRole(dialog, "button", name).boundingBox();
      assert.ok(box.y >= 0 && box.y + box.height <= 664, `${name}: ${JSON.stringify(box)}`);
    }
    const isOver = await byRole(dialog, "button", "Cancel").evaluate((button) => {
      const { x, y, width, height } = button.getBoundingClientRect();
      return button.contains(document.elementFromPoint(x + width / 2, y + height / 2));
    });
    assert.ok(isOver, "nothing lies over it");
  },
);

pageTest(
  "what the health report complains of stands above the numbers",
  { accounts: ["keeper-401-0001"], settings: { GROK2API_TOKEN__AUTO_REFRESH: "false", GROK2API_TOKEN__FAIL_THRESHOLD: "1" } },
  async ({ page, context, site }) => {
    const banner = page.getByRole("status").filter({ hasText: "The server does not work as it should:" });
    await open(page, "/admin/accounts");
    assert.equal(await banner.count(), 0);
    await choose(page, "Actions for …0001", "Check now");
    await banner.getByText("no account is active", { exact: true }).waitFor();
    await context.addCookies([{ name: "lang", value: "zh-CN", url: site.url }]);
    await page.reload();
    await page.getByText("服务器未能正常工作：").waitFor();
  },
);

pageTest("the demo's accounts say so in the reader's language", { serve: ["--demo-if-empty"] }, async ({ page, context, site }) => {
  await open(page, "/admin/accounts");
  assert.equal(await rows(page).getByText("Demo", { exact: true }).count(), 6);
  await context.addCookies([{ name: "lang", value: "zh-CN", url: site.url }]);
  await open(page, "/admin/accounts");
  const cells = page.locator("tbody .table__note");
  assert.deepEqual(await cells.allInnerTexts(), Array(6).fill("演示"));
});

pageTest("an empty pool leads to its first account", {}, async ({ page, site }) => {
  await open(page, "/admin/accounts");
  await byRole(page, "heading", "No accounts yet").waitFor();
  const dialog = await openDialog(page);
  await dialog.getByLabel("Cookies, one per line").fill("first-super-0001");
  await dialog.getByText("Super (SuperGrok)").click();
  await byRole(dialog, "button", "Add 1 account").click();
  await row(page, "0001").getByText("Super", { exact: true }).waitFor();
  assert.equal((await site.readiness()).pool.total, 1);
});

pageTest(
  "the first own account ends the demo",
  { serve: ["--demo-if-empty"] },
  async ({ page, sim, site }) => {
    await open(page, "/admin/accounts");
    assert.equal(await rows(page).count(), 6, "the accounts of the demo");
    const dialog = await openDialog(page);
    await dialog.getByLabel("Cookies, one per line").fill("first-basic-0001");
    await dialog.getByRole("button", { name: "Add 1 account" }).click();
    await page.getByText("1 account added, the demo has ended.").waitFor();
    await page.getByText(`${site.url}/v1`, { exact: true }).waitFor();
    await page.getByText("app.api_key").waitFor();
    await page.waitForURL("/admin/accounts");
    assert.equal(await page.getByText("Demo: a built-in simulator").count(), 0);
    await row(page, "0001").waitFor();
    assert.equal(await rows(page).count(), 1, "those of the demo are gone");
    await byRole(page, "link", "Ask Grok in the chat").click();
    await page.getByLabel("Your message").waitFor();
    const body = { model: "grok-4", messages: [{ role: "user", content: "Hello" }] };
    const answer = await fetch(`${site.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.equal(answer.status, 200);
    const chats = await sim.requests("chat");
    assert.deepEqual(chats.map((chat) => chat.account), ["first-basic-0001"]);
    const stranger = await fetch(`${site.url}/v1/public/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.equal(stranger.status, 401, "only the demo is open to everyone");
  },
);

pageTest("a demo that was asked for keeps own accounts for later", { serve: ["--demo"] }, async ({ page, site }) => {
  await open(page, "/admin/accounts");
  const dialog = await openDialog(page);
  await dialog.getByLabel("Cookies, one per line").fill("first-basic-0001");
  await dialog.getByRole("button", { name: "Add 1 account" }).click();
  await page.getByText("It serves once the server runs without --demo.").waitFor();
  assert.equal((await site.readiness()).pool.total, 6, "the simulator must not see it");
});

pageTest("the dialog closes by Escape and gives the focus back", { accounts: three }, async ({ page }) => {
  await open(page, "/admin/accounts");
  const dialog = await openDialog(page);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  const focused = await page.evaluate(() => document.activeElement?.textContent.trim());
  assert.equal(focused, "Add accounts");
});

pageTest("accounts are disabled and enabled again", { accounts: three }, async ({ page, site }) => {
  await open(page, "/admin/accounts");
  await tick(page, "0001");
  await tick(page, "0003");
  await page.locator(".bulk").getByText("2 selected", { exact: true }).waitFor();
  await bulk(page, "Disable").click();
  await page.getByText("2 accounts disabled.").waitFor();
  await row(page, "0001").getByText("Disabled", { exact: true }).waitFor();
  await row(page, "0002").getByText("Disabled", { exact: true }).waitFor({ state: "detached" });
  assert.deepEqual([(await site.readiness()).pool.active, (await site.readiness()).pool.disabled], [1, 2]);
  await tick(page, "0001");
  await bulk(page, "Enable").click();
  await page.getByText("1 account enabled.").waitFor();
  await row(page, "0001").getByText("Disabled", { exact: true }).waitFor({ state: "detached" });
  assert.equal((await site.readiness()).pool.active, 2);
});

pageTest("a deletion can be undone", { accounts: three }, async ({ page, site }) => {
  await open(page, "/admin/accounts");
  await tick(page, "0001");
  await tick(page, "0002");
  await bulk(page, "Delete").click();
  await page.getByText("2 accounts deleted.").waitFor();
  await row(page, "0001").waitFor({ state: "detached" });
  assert.equal((await site.readiness()).pool.total, 1);
  await byRole(page, "button", "Undo").click();
  await page.getByText("2 accounts are back.").waitFor();
  await row(page, "0001").waitFor();
  assert.equal((await site.readiness()).pool.active, 3);
});

pageTest("search and filter narrow the list", { accounts: three }, async ({ page }) => {
  await open(page, "/admin/accounts");
  const search = page.getByLabel("Search note, tag or last 4 characters");
  await search.fill("0002");
  await row(page, "0001").waitFor({ state: "detached" });
  assert.equal(await rows(page).count(), 1);
  await search.fill("no such account");
  await byRole(page, "button", "Show all").click();
  await row(page, "0001").waitFor();
  await page.getByRole("group", { name: "Filter by status" }).getByRole("button", { name: /^Disabled/ }).click();
  await byRole(page, "heading", "No account matches").waitFor();
});

pageTest("a column head sorts, and turns the order round", { accounts: three }, async ({ page, sim, site }) => {
  await sim.reply({ kind: "text", text: "Done." });
  const answer = await page.request.post("/v1/public/chat/completions", {
    headers: { origin: site.url },
    data: { model: "grok-4-mini", messages: [{ role: "user", content: "Use one account" }] },
  });
  assert.equal(answer.status(), 200);
  await open(page, "/admin/accounts");
  const used = rows(page).filter({ hasNotText: "Never" });
  const position = async () => (await rows(page).allInnerTexts()).findIndex((text) => !text.includes("Never"));
  const head = page.getByRole("columnheader", { name: "Uses" });
  await head.getByRole("button").click();
  await page.locator("th[aria-sort=descending]", { hasText: "Uses" }).waitFor();
  await page.waitForFunction(() => !document.querySelector("tbody tr").innerText.includes("Never"));
  assert.equal(await position(), 0);
  await head.getByRole("button").click();
  await page.waitForFunction(() => document.querySelector("tbody tr").innerText.includes("Never"));
  assert.equal(await position(), 2);
  assert.equal(await used.count(), 1);
});

const crowd = Array.from({ length: 51 }, (_, n) => `crowd-basic-${1000 + n}`);
pageTest("the page before is shown when the last one is emptied", { accounts: crowd }, async ({ page }) => {
  await open(page, "/admin/accounts");
  await page.getByText("1–50 of 51").waitFor();
  await byRole(page, "button", "Next page").click();
  await page.getByText("51–51 of 51").waitFor();
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1);
  await rows(page).getByRole("checkbox").check();
  await bulk(page, "Delete").click();
  await page.getByText("1 account deleted.").waitFor();
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 50);
});

pageTest("the choice of an order on a phone follows the column heads", { accounts: three }, async ({ page }) => {
  await open(page, "/admin/accounts");
  await page.getByRole("columnheader", { name: "Uses" }).getByRole("button").click();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForFunction(() => document.querySelector("#sort").value === "uses");
  await page.locator("#sort").selectOption("added");
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.locator("th[aria-sort=descending]", { hasText: "Added" }).waitFor();
});
