// One account in full: how it is, editing it, another cookie, its menu.
import assert from "node:assert/strict";
import { bulk, choose, openDetail, row, rows, tick } from "./accounts.mjs";
import { byRole, isAccessible, newContext, open, signIn } from "./browser.mjs";
import { pageTest } from "./harness.mjs";

// What is not asked in the background is as it was left.
const still = { GROK2API_TOKEN__AUTO_REFRESH: "false" };
const refusal = /status of 400/;
const two = ["keeper-basic-0001", "keeper-super-0002"];

pageTest(
  "who was never asked is not called active, and is once Grok has told the quota",
  { accounts: ["keeper-basic-0001", "keeper-401-0002"], settings: still },
  async ({ page }) => {
    await open(page, "/admin/accounts");
    await row(page, "0001").getByText("Unknown", { exact: true }).waitFor();
    assert.match(await row(page, "0001").innerText(), /—/, "the quota is a dash");
    for (const ending of ["0001", "0002"]) await tick(page, ending);
    await bulk(page, "Check now").click();
    await row(page, "0001").getByText("Active", { exact: true }).waitFor();
    await row(page, "0001").locator(".quota__text").waitFor();
    await row(page, "0002").getByText("Grok refused its cookie.").waitFor();
    assert.equal(await row(page, "0002").getByText("Active", { exact: true }).count(), 0);
    const drawer = await openDetail(page, "0002");
    await drawer.getByText("Sign in at grok.com again with this account", { exact: false }).waitFor();
    await isAccessible(page, "the drawer of an account");
    assert.ok(!(await drawer.innerText()).includes("auth_failed"), "no word of machines");
  },
);

pageTest("tags, note, kind and proxy of an account are edited", { accounts: two, expected: [refusal] }, async ({ page }) => {
  await open(page, "/admin/accounts");
  const drawer = await openDetail(page, "0001");
  const save = byRole(drawer, "button", "Save");
  assert.equal(await save.isDisabled(), true, "nothing has changed");
  await drawer.getByLabel("Tags").fill("eu, paid");
  await drawer.getByLabel("Note").fill("of the second shelf");
  await drawer.locator("label", { hasText: "Heavy" }).click();
  await byRole(drawer, "textbox", "Proxy of its own").fill("no proxy at all");
  await save.click();
  await drawer.getByText("Not a proxy address, such as socks5h://host:1080.").waitFor();
  await byRole(drawer, "textbox", "Proxy of its own").fill("socks5h://someone:secret@127.0.0.1:1080");
  await save.click();
  await page.getByText("Saved.").waitFor();
  assert.equal(await save.isDisabled(), true);
  const shown = await byRole(drawer, "textbox", "Proxy of its own").getAttribute("placeholder");
  assert.match(shown, /127\.0\.0\.1:1080/);
  assert.ok(!shown.includes("secret"), shown);
  await page.keyboard.press("Escape");
  for (const text of ["Heavy", "eu", "paid", "of the second shelf"]) {
    await row(page, "0001").getByText(text, { exact: true }).waitFor();
  }
  const again = await openDetail(page, "0001");
  await again.getByText("Use no proxy of its own any more").click();
  await byRole(again, "button", "Save").click();
  await page.getByText("Saved.").last().waitFor();
  await again.getByPlaceholder("None", { exact: true }).waitFor();
});

pageTest("a refused cookie is replaced where it is", { accounts: two, expected: [refusal] }, async ({ page, site }) => {
  await open(page, "/admin/accounts");
  const drawer = await openDetail(page, "0001");
  await drawer.getByText("Replace the cookie").click();
  const field = drawer.getByLabel("New cookie");
  await field.fill("keeper-super-0002");
  await byRole(drawer, "button", "Replace").click();
  await drawer.getByText("Another account has this already.").waitFor();
  await field.fill("not a cookie");
  await byRole(drawer, "button", "Replace").click();
  await drawer.getByText("Not an sso cookie: copy the value of “sso” on grok.com", { exact: false }).waitFor();
  await field.fill("sso=replaced-basic-0009; path=/");
  await byRole(drawer, "button", "Replace").click();
  await page.getByText("The cookie is replaced.").waitFor();
  await page.keyboard.press("Escape");
  await row(page, "0009").waitFor();
  assert.equal(await rows(page).count(), 2, "the account is the same one");
  assert.equal((await site.readiness()).pool.total, 2);
});

pageTest("the menu of a row checks, disables, resets and deletes", { accounts: two, settings: still }, async ({ page }) => {
  await open(page, "/admin/accounts");
  const menu = "Actions for …0001";
  await choose(page, menu, "Disable");
  await row(page, "0001").getByText("Disabled", { exact: true }).waitFor();
  await choose(page, menu, "Enable");
  await row(page, "0001").getByText("Disabled", { exact: true }).waitFor({ state: "detached" });
  await choose(page, menu, "Check now");
  await row(page, "0001").getByText("Active", { exact: true }).waitFor();
  await choose(page, menu, "Reset");
  await page.getByText("1 account reset.").waitFor();
  await byRole(page, "button", menu).focus();
  await page.keyboard.press("Enter");
  await byRole(page, "menuitem", "Details and edit").waitFor();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.getByText("1 account deleted.").waitFor();
  await page.getByText(/^\d\d s$/).waitFor();
  await byRole(page, "button", "Undo").click();
  await row(page, "0001").waitFor();
  await byRole(page, "button", menu).click();
  await page.keyboard.press("Escape");
  await page.getByRole("menu").waitFor({ state: "detached" });
  const focused = await page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  assert.equal(focused, menu);
});

pageTest("rows are walked, ticked and opened by keys, and keys lead to the search", { accounts: two }, async ({ page }) => {
  await open(page, "/admin/accounts");
  const names = await page.locator(".table__open").allInnerTexts();
  await page.locator(".table__open").first().focus();
  await page.keyboard.press("ArrowDown");
  const focused = () => page.evaluate(() => document.activeElement?.innerText?.trim());
  assert.equal(await focused(), names[1].trim());
  await page.keyboard.press("Space");
  await page.locator(".bulk").getByText("1 selected", { exact: true }).waitFor();
  await page.keyboard.press("Enter");
  const drawer = page.getByRole("dialog", { name: "Account", exact: true });
  await drawer.waitFor();
  await page.keyboard.press("Escape");
  await drawer.waitFor({ state: "hidden" });
  await page.keyboard.press("/");
  await page.keyboard.type("0002");
  assert.equal(await page.getByLabel("Search note, tag or last 4 characters").inputValue(), "0002");
  await page.locator(".table__open").first().focus();
  await page.keyboard.press("Control+k");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "search");
});

pageTest("what is filtered, sorted and searched stands in the address", { accounts: two }, async ({ page }) => {
  await open(page, "/admin/accounts?tier=super&sort=uses&order=up");
  assert.equal(await rows(page).count(), 1, "the first list is the one of the address");
  await page.locator("th[aria-sort=ascending]", { hasText: "Uses" }).waitFor();
  assert.equal(await page.locator("#tier-filter").inputValue(), "super");
  await page.locator("#tier-filter").selectOption("");
  await row(page, "0001").waitFor();
  await page.waitForURL("/admin/accounts?sort=uses&order=up");
  await page.getByLabel("Search note, tag or last 4 characters").fill("0001");
  await page.waitForURL(/q=0001/);
  await page.reload();
  await row(page, "0001").waitFor();
  assert.equal(await rows(page).count(), 1);
  await page.getByRole("group", { name: "Filter by status" }).getByRole("button", { name: /^Disabled/ }).click();
  await page.waitForURL(/state=disabled/);
  await byRole(page, "button", "Show all").click();
  await page.waitForURL("/admin/accounts?sort=uses&order=up");
});

pageTest("what was entered and not saved is kept, and said to be", { accounts: two }, async ({ page }) => {
  await open(page, "/admin/accounts");
  const drawer = await openDetail(page, "0001");
  await drawer.getByLabel("Note").fill("half a thought");
  await drawer.getByText("Not saved yet", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("What you have changed is kept until you leave this page.", { exact: false }).waitFor();
  await openDetail(page, "0002");
  assert.equal(await drawer.getByLabel("Note").inputValue(), "", "another account has its own");
  await page.keyboard.press("Escape");
  await openDetail(page, "0001");
  assert.equal(await drawer.getByLabel("Note").inputValue(), "half a thought");
  await byRole(drawer, "button", "Save").click();
  await page.getByText("Saved.").waitFor();
  await drawer.getByText("Not saved yet", { exact: true }).waitFor({ state: "hidden" });
  await page.keyboard.press("Escape");
  await row(page, "0001").getByText("half a thought", { exact: true }).waitFor();
});

pageTest(
  "the settings of accounts at Grok are made from the menus, after a question that says what is done",
  { accounts: two, settings: still },
  async ({ page, sim }) => {
    await open(page, "/admin/accounts");
    await choose(page, "Actions for …0001", "Settings at Grok");
    const question = page.getByRole("dialog", { name: "Settings at Grok" });
    for (const said of ["terms of use", "account.birth_date", "adult content", "the tag nsfw"]) {
      await question.getByText(said, { exact: false }).first().waitFor();
    }
    await isAccessible(page, "the question before settings are made");
    await byRole(question, "button", "Cancel").click();
    await question.waitFor({ state: "hidden" });
    assert.deepEqual(await sim.requests("account_terms"), [], "nothing is done unasked");
    await choose(page, "Actions for …0001", "Settings at Grok");
    await byRole(question, "button", "Do it").click();
    await row(page, "0001").getByText("nsfw", { exact: true }).waitFor();
    assert.equal(await row(page, "0002").getByText("nsfw", { exact: true }).count(), 0);
    await choose(page, "Actions for all that are found", "Settings at Grok for all that are found");
    await question.getByText("with 2 accounts", { exact: false }).waitFor();
    await byRole(question, "button", "Do it").click();
    await row(page, "0002").getByText("nsfw", { exact: true }).waitFor();
  },
);

pageTest("ticked accounts are reset from the bar", { accounts: ["keeper-401-0001", "keeper-basic-0002"], settings: still }, async ({ page }) => {
  await open(page, "/admin/accounts");
  for (const ending of ["0001", "0002"]) await tick(page, ending);
  await bulk(page, "Check now").click();
  await row(page, "0001").getByText("Failing", { exact: true }).waitFor();
  await row(page, "0002").getByText("Active", { exact: true }).waitFor();
  for (const ending of ["0001", "0002"]) await tick(page, ending);
  assert.match(await bulk(page, "Reset").getAttribute("title"), /nothing changes at Grok/);
  await bulk(page, "Reset").click();
  await page.getByText("2 accounts reset.").waitFor();
  for (const ending of ["0001", "0002"]) {
    await row(page, ending).getByText("Unknown", { exact: true }).waitFor();
  }
});

pageTest("a tag that is pressed filters by it", { accounts: two }, async ({ page }) => {
  await open(page, "/admin/accounts");
  const drawer = await openDetail(page, "0002");
  await drawer.getByLabel("Tags").fill("eu");
  await byRole(drawer, "button", "Save").click();
  await page.getByText("Saved.").waitFor();
  await page.keyboard.press("Escape");
  await byRole(row(page, "0002"), "button", "eu").click();
  await row(page, "0001").waitFor({ state: "detached" });
  await page.waitForURL("/admin/accounts?tag=eu");
  await page.locator("#tag-filter").selectOption("");
  await row(page, "0001").waitFor();
});

pageTest("two operators who edit different things undo nothing of each other", { accounts: two }, async ({ page, context, site }) => {
  const other = await newContext(context.browser(), site);
  await signIn(other, site);
  const second = await other.newPage();
  await open(page, "/admin/accounts");
  await open(second, "/admin/accounts");
  const mine = await openDetail(page, "0001");
  const theirs = await openDetail(second, "0001");
  await mine.getByLabel("Note").fill("mine");
  await theirs.getByLabel("Tags").fill("theirs");
  await byRole(mine, "button", "Save").click();
  await page.getByText("Saved.").waitFor();
  await byRole(theirs, "button", "Save").click();
  await second.getByText("Saved.").waitFor();
  await page.keyboard.press("Escape");
  await row(page, "0001").getByText("theirs", { exact: true }).waitFor();
  await row(page, "0001").getByText("mine", { exact: true }).waitFor();
  await other.close();
});
