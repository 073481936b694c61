// axe finds nothing of weight on any page, in both themes.
import { byRole, isAccessible, open } from "./browser.mjs";
import { answered, ask, chooseModel } from "./chat.mjs";
import { pageTest } from "./harness.mjs";

const accounts = ["viewer-basic-0001", "viewer-basic-0002", "viewer-super-0003"];
const markdown = [
  "## A heading\n\nSome *words*, a [link](https://example.com) and `code`.\n",
  "```rust\nfn main() { println!(\"hi\"); } // greet\n```\n",
  "| a | b |\n| --- | --- |\n| 1 | 2 |\n\n> A quote.\n\n- [x] done\n- [ ] open",
].join("\n");

pageTest("signing in is accessible", { signedIn: false }, async ({ page }) => {
  await open(page, "/login");
  await isAccessible(page, "sign-in");
  await page.getByLabel("Password", { exact: true }).fill("wrong");
  await byRole(page, "button", "Sign in").click();
  await page.getByText("That password is not right.").waitFor();
  await isAccessible(page, "refused");
});

pageTest("the empty accounts page is accessible", {}, async ({ page }) => {
  await open(page, "/admin/accounts");
  await isAccessible(page, "no accounts");
});

pageTest("the accounts page is accessible, full and with its dialog", { accounts }, async ({ page }) => {
  await open(page, "/admin/accounts");
  await isAccessible(page, "accounts");
  await page.getByRole("checkbox").nth(1).check();
  await isAccessible(page, "a selected account");
  await byRole(page, "button", "Add accounts").click();
  const dialog = page.getByRole("dialog", { name: "Add accounts" });
  await dialog.getByLabel("Cookies, one per line").fill("fresh-basic-0001\nbad line\nviewer-basic-0001");
  await dialog.getByText("1 new · 1 already there · 1 not usable").waitFor();
  await isAccessible(page, "dialog");
});

pageTest("the chat is accessible, empty and with an answer", { accounts }, async ({ page, sim }) => {
  await open(page, "/");
  await isAccessible(page, "empty chat");
  await page.getByRole("button", { name: /^Model: / }).click();
  await isAccessible(page, "models");
  await page.keyboard.press("Escape");
  await sim.reply({ kind: "text", text: markdown, thinking: ["A thought."] });
  await chooseModel(page, "grok-4-thinking");
  await ask(page, "Show me everything");
  await answered(page);
  await page.locator("code span[class^=hl-]").first().waitFor();
  await page.getByText(/^Thought/).first().click();
  await isAccessible(page, "an answer");
});

pageTest("the other pages are accessible", { accounts, expected: [/status of 404/] }, async ({ page }) => {
  for (const path of ["/imagine", "/video", "/voice", "/admin/media", "/admin/password", "/no/such/page"]) {
    await open(page, path);
    await isAccessible(page, path);
  }
});

pageTest(
  "pages are accessible on a phone",
  { accounts, browser: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } },
  async ({ page }) => {
    for (const path of ["/", "/imagine", "/video", "/voice", "/admin/accounts", "/admin/media"]) {
      await open(page, path);
      await isAccessible(page, path);
    }
  },
);
