// axe finds nothing of weight on any page, in both themes.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { byRole, drawn, open } from "./browser.mjs";
import { answered, ask, chooseModel } from "./chat.mjs";
import { pageTest } from "./harness.mjs";

const { source } = createRequire(import.meta.url)("axe-core");
const accounts = ["viewer-basic-0001", "viewer-basic-0002", "viewer-super-0003"];
const markdown = [
  "## A heading\n\nSome *words*, a [link](https://example.com) and `code`.\n",
  "```rust\nfn main() { println!(\"hi\"); } // greet\n```\n",
  "| a | b |\n| --- | --- |\n| 1 | 2 |\n\n> A quote.\n\n- [x] done\n- [ ] open",
].join("\n");

// `page.evaluate` is not bound by the page's own content policy.
async function checkPage(page, where) {
  await drawn(page);
  await page.evaluate(source);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const found = violations
    .filter(({ impact }) => impact !== "minor")
    .map(({ id, impact, nodes }) => {
      const places = nodes.map(({ target, any }) => `${target} ${any[0]?.message ?? ""}`);
      return `${where}: ${impact} ${id}: ${places.slice(0, 5).join(" | ")}`;
    });
  assert.deepEqual(found, []);
}

async function inBothThemes(page, where) {
  const root = page.locator("html");
  for (const theme of ["light", "dark"]) {
    await root.evaluate((root, theme) => root.setAttribute("data-theme", theme), theme);
    await checkPage(page, `${where}, ${theme}`);
  }
}

pageTest("signing in is accessible", { signedIn: false }, async ({ page }) => {
  await open(page, "/login");
  await inBothThemes(page, "sign-in");
  await page.getByLabel("Password", { exact: true }).fill("wrong");
  await byRole(page, "button", "Sign in").click();
  await page.getByText("That password is not right.").waitFor();
  await inBothThemes(page, "refused");
});

pageTest("the empty accounts page is accessible", {}, async ({ page }) => {
  await open(page, "/admin/accounts");
  await inBothThemes(page, "no accounts");
});

pageTest("the accounts page is accessible, full and with its dialog", { accounts }, async ({ page }) => {
  await open(page, "/admin/accounts");
  await inBothThemes(page, "accounts");
  await page.getByRole("checkbox").nth(1).check();
  await inBothThemes(page, "a selected account");
  await byRole(page, "button", "Add accounts").click();
  const dialog = page.getByRole("dialog", { name: "Add accounts" });
  await dialog.getByLabel("Cookies, one per line").fill("fresh-basic-0001\nbad line\nviewer-basic-0001");
  await dialog.getByText("1 new · 1 already there · 1 not usable").waitFor();
  await inBothThemes(page, "dialog");
});

pageTest("the chat is accessible, empty and with an answer", { accounts }, async ({ page, sim }) => {
  await open(page, "/");
  await inBothThemes(page, "empty chat");
  await page.getByRole("button", { name: /^Model: / }).click();
  await inBothThemes(page, "models");
  await page.keyboard.press("Escape");
  await sim.reply({ kind: "text", text: markdown, thinking: ["A thought."] });
  await chooseModel(page, "grok-4-thinking");
  await ask(page, "Show me everything");
  await answered(page);
  await page.locator("code span[class^=hl-]").first().waitFor();
  await page.getByText(/^Thought/).first().click();
  await inBothThemes(page, "an answer");
});

pageTest("the other pages are accessible", { accounts, expected: [/status of 404/] }, async ({ page }) => {
  for (const path of ["/admin/password", "/no/such/page"]) {
    await open(page, path);
    await inBothThemes(page, path);
  }
});

pageTest(
  "pages are accessible on a phone",
  { accounts, browser: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } },
  async ({ page }) => {
    for (const path of ["/", "/admin/accounts"]) {
      await open(page, path);
      await inBothThemes(page, path);
    }
  },
);
