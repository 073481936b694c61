// Who gets in, how, and who does not.
import assert from "node:assert/strict";
import { byRole, open } from "./browser.mjs";
import { answered, ask } from "./chat.mjs";
import { pageTest } from "./harness.mjs";
import { password } from "./server.mjs";

const refusal = "That password is not right. Check it and try again.";
const refused = /status of 401/;
const asBrowser = { maxRedirects: 0, headers: { accept: "text/html" } };

async function enter(page, secret) {
  await page.getByLabel("Password", { exact: true }).fill(secret);
  await byRole(page, "button", "Sign in").click();
}

pageTest(
  "a wrong password is named, the right one leads to the accounts",
  { signedIn: false, expected: [refused] },
  async ({ page }) => {
    await open(page, "/admin/login");
    await enter(page, "not-the-password");
    await page.getByText(refusal).waitFor();
    const field = page.getByLabel("Password", { exact: true });
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    await page.waitForFunction(() => document.activeElement?.id === "password");
    await enter(page, password);
    await page.waitForURL("/admin/accounts");
    await byRole(page, "heading", "Accounts").waitFor();
  },
);

pageTest("after signing in the wanted page opens", { signedIn: false }, async ({ page }) => {
  await open(page, "/admin/password");
  assert.equal(new URL(page.url()).pathname, "/admin/login");
  await enter(page, password);
  await page.waitForURL("/admin/password");
  await byRole(page, "heading", "Change password").waitFor();
});

pageTest("`next` never leads to another site", { signedIn: false }, async ({ page, site }) => {
  await open(page, "/login?next=//evil.example/");
  await enter(page, password);
  await page.getByLabel("Your message").waitFor();
  assert.equal(page.url(), `${site.url}/`);
});

pageTest("signing out ends the session", {}, async ({ page, context }) => {
  await open(page, "/admin/accounts");
  await byRole(page, "button", "Sign out").click();
  await page.waitForURL("/login");
  const answer = await context.request.get("/admin/accounts", asBrowser);
  assert.equal(answer.status(), 302);
});

pageTest(
  "a visitor is sent to sign in before anything of the page is sent",
  { signedIn: false, accounts: ["visitor-basic-1"] },
  async ({ page, context }) => {
    for (const [path, target] of [
      ["/", "/login"],
      ["/admin/accounts", "/admin/login?next=/admin/accounts"],
    ]) {
      const answer = await context.request.get(path, asBrowser);
      assert.equal(answer.status(), 302, path);
      assert.equal(answer.headers().location, target);
    }
    await open(page, "/");
    assert.equal(new URL(page.url()).pathname, "/login");
  },
);

pageTest(
  "in public mode a visitor chats but does not administer",
  {
    signedIn: false,
    accounts: ["visitor-basic-1"],
    settings: { GROK2API_APP__PUBLIC_ENABLED: "true" },
  },
  async ({ page, sim }) => {
    await sim.reply({ kind: "text", text: "Welcome, visitor." });
    await open(page, "/");
    await ask(page, "May I?");
    assert.equal(await answered(page), "Welcome, visitor.");
    await open(page, "/admin/accounts");
    assert.equal(new URL(page.url()).pathname, "/admin/login");
  },
);

pageTest(
  "signing in works without JavaScript",
  // The browser's way to say that it runs no script.
  { signedIn: false, browser: { javaScriptEnabled: false }, expected: [/\.js csp$/] },
  async ({ page }) => {
    await page.goto("/admin/login");
    await enter(page, "not-the-password");
    await page.getByText(refusal).waitFor();
    await enter(page, password);
    await page.waitForURL("/admin/accounts");
    await byRole(page, "heading", "No accounts yet").waitFor();
  },
);

pageTest("a changed password is the one that counts", {}, async ({ page, context }) => {
  const changed = "another-long-secret";
  await open(page, "/admin/password");
  await page.getByLabel("Current password").fill(password);
  await page.getByLabel("New password", { exact: true }).fill(changed);
  await page.getByLabel("New password, again").fill(changed);
  await byRole(page, "button", "Change password").click();
  await page.getByText("The password was changed.").waitFor();
  await context.clearCookies();
  await open(page, "/admin/login");
  await enter(page, changed);
  await page.waitForURL("/admin/accounts");
});
