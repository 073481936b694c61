// Who gets in, how, and who does not.
import assert from "node:assert/strict";
import { byRole, open } from "./browser.mjs";
import { answered, ask } from "./chat.mjs";
import { pageTest } from "./harness.mjs";
import { password } from "./server.mjs";

const refusal = "That password is not right. Check it and try again.";
const asBrowser = { maxRedirects: 0, headers: { accept: "text/html" } };

async function enter(page, secret) {
  await page.getByLabel("Password", { exact: true }).fill(secret);
  await byRole(page, "button", "Sign in").click();
}

pageTest(
  "a wrong password is named, the right one leads to the accounts",
  { signedIn: false },
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

pageTest(
  "during the demo the page says who may do what, and leads back to the chat",
  { signedIn: false, serve: ["--demo-if-empty"] },
  async ({ page }) => {
    await open(page, "/admin/login");
    await page.getByText("The chat is open to everybody while the demo lasts.").waitFor();
    await page.getByText("the first start of the server printed the password").waitFor();
    assert.equal(await page.getByText("This server is private").count(), 0);
    assert.equal(await byRole(page, "link", "Add your own accounts").count(), 0, "it leads here");
    await page.getByText("make password", { exact: true }).waitFor();
    await byRole(page, "link", "Back to the chat").click();
    await page.getByLabel("Your message").waitFor();
  },
);

pageTest("a private server does not offer its chat", { signedIn: false }, async ({ page }) => {
  await open(page, "/login");
  await page.getByText("This server is private").waitFor();
  assert.equal(await byRole(page, "link", "Back to the chat").count(), 0);
});

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

// What the page was asking for at that moment is refused.
pageTest("signing out ends the session", { expected: [/status of 401/] }, async ({ page, context }) => {
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

pageTest(
  "theme and language of the sign-in page change and keep what was typed",
  { signedIn: false },
  async ({ page }) => {
    const root = (name) => page.evaluate((name) => document.documentElement.getAttribute(name), name);
    await open(page, "/admin/login?next=/admin/password");
    await page.getByLabel("Password", { exact: true }).fill(password);
    await byRole(page, "button", "Theme").focus();
    await page.keyboard.press("Enter");
    await page.locator(".menu__item:focus").waitFor();
    for (const key of ["ArrowDown", "ArrowDown", "Enter"]) await page.keyboard.press(key);
    await page.waitForFunction(() => document.documentElement.dataset.theme === "dark");
    await byRole(page, "button", "Language").click();
    await byRole(page, "menuitemradio", "简体中文").click();
    await byRole(page, "heading", "登录").waitFor();
    assert.equal(await root("lang"), "zh-CN");
    assert.equal(await root("data-theme"), "dark");
    assert.match(await page.title(), /^登录/);
    await byRole(page, "button", "登录").click();
    await page.waitForURL("/admin/password");
    assert.equal(await root("data-theme"), "dark");
    await byRole(page, "heading", "修改密码").waitFor();
  },
);

pageTest(
  "after too many attempts the page counts down and then lets press again",
  { signedIn: false },
  async ({ page }) => {
    // Notes what the page says at each of its changes, so that no look can come too late.
    await page.addInitScript(() => {
      window.said = [];
      const look = () => {
        const text = document.querySelector(".field__error")?.textContent ?? "";
        const isDisabled = document.querySelector(".form .button")?.disabled ?? false;
        const last = window.said.at(-1);
        // A page that already says so when it comes has its button until its code has begun.
        if (text !== last?.text || isDisabled !== last.isDisabled) window.said.push({ text, isDisabled });
      };
      const changes = { subtree: true, childList: true, characterData: true, attributes: true };
      new MutationObserver(look).observe(document, changes);
    });
    await open(page, "/login");
    const said = () => page.evaluate(() => window.said);
    const many = /^Too many attempts\. Try again in (\d+) seconds?\.$/;
    const isWaiting = async () => (await said()).some(({ text }) => many.test(text));
    for (let attempt = 0; attempt < 12 && !(await isWaiting()); attempt++) {
      await enter(page, "not-the-password");
      await page.locator(".field__error:not(:empty)").or(page.locator(".form[data-wait]")).first().waitFor();
    }
    await page.waitForFunction(() => window.said.length > 1 && window.said.at(-1).text === "");
    const counted = (await said()).filter(({ text }) => many.test(text));
    const seconds = counted.map(({ text }) => Number(text.match(many)[1]));
    assert.deepEqual(seconds, seconds.toSorted((a, b) => b - a));
    assert.equal(seconds.at(-1), 1);
    assert.ok(counted.at(-1).isDisabled);
    assert.ok(await byRole(page, "button", "Sign in").isEnabled());
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
