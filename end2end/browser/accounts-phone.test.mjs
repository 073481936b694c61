// The accounts page on a phone.
import assert from "node:assert/strict";
import { choose, openDetail, row } from "./accounts.mjs";
import { byRole, open } from "./browser.mjs";
import { pageTest } from "./harness.mjs";

const phone = { viewport: { width: 390, height: 844 } };
const still = { GROK2API_TOKEN__AUTO_REFRESH: "false" };
const two = ["keeper-basic-0001", "keeper-super-0002"];

pageTest("every menu is inside of the screen", { accounts: two, browser: phone }, async ({ page }) => {
  await open(page, "/admin/accounts");
  for (const name of ["Actions for all that are found", "Actions for …0001"]) {
    await byRole(page, "button", name).click();
    const menu = page.getByRole("menu");
    await menu.waitFor();
    const box = await menu.boundingBox();
    const isInside = box.x >= 4 && box.y >= 4 && box.x + box.width <= 386 && box.y + box.height <= 840;
    assert.ok(isInside, `${name}: ${JSON.stringify(box)}`);
    await page.keyboard.press("Escape");
    await menu.waitFor({ state: "detached" });
  }
});

pageTest(
  "the strip of a job is one line",
  { accounts: ["crowd-401-9001", "keeper-basic-0001"], browser: phone, settings: still },
  async ({ page }) => {
    await open(page, "/admin/accounts");
    await choose(page, "Actions for all that are found", "Check all that are found");
    const strip = page.getByRole("region", { name: "Checking accounts" });
    await strip.getByText("Checking accounts: 1 of 2 failed").waitFor();
    const { height } = await strip.boundingBox();
    assert.ok(height < 64, `${height} px high`);
  },
);

pageTest("Back closes the drawer, and its way out stays in sight", { accounts: two, browser: phone }, async ({ page }) => {
  await open(page, "/admin/password");
  await open(page, "/admin/accounts");
  const drawer = await openDetail(page, "0001");
  await drawer.getByText("Save", { exact: true }).scrollIntoViewIfNeeded();
  const close = await byRole(drawer, "button", "Close").boundingBox();
  assert.ok(close.y >= 0 && close.y < 60, JSON.stringify(close));
  await page.goBack();
  await drawer.waitFor({ state: "hidden" });
  assert.equal(new URL(page.url()).pathname, "/admin/accounts");
  await openDetail(page, "0002");
  await byRole(drawer, "button", "Close").click();
  await drawer.waitFor({ state: "hidden" });
  await row(page, "0001").waitFor();
  await page.goBack();
  await page.waitForURL("/admin/password");
});
