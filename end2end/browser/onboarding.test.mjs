// From the demo to the first own account, for the operator and for those who used the demo.
import assert from "node:assert/strict";
import { byRole, newContext, open } from "./browser.mjs";
import { answered, ask } from "./chat.mjs";
import { pageTest } from "./harness.mjs";

const demo = ["--demo-if-empty"];
const addDialog = (page) => page.getByRole("dialog", { name: "Add accounts" });
const allow = "Visitors may chat with my accounts, without signing in";

async function addFirst(page) {
  await addDialog(page).getByLabel("Cookies, one per line").fill("first-basic-0001");
  await addDialog(page).getByRole("button", { name: "Add 1 account" }).click();
  await page.getByText("Demo: a built-in simulator").waitFor({ state: "detached" });
}

for (const width of [1280, 390]) {
  pageTest(
    `the demo's banner opens the dialog from everywhere at ${width} pixels`,
    { serve: demo, browser: { viewport: { width, height: 800 } } },
    async ({ page }) => {
      for (const path of ["/", "/admin/password", "/admin/accounts"]) {
        await open(page, path);
        await byRole(page, "link", "Add your own accounts").click();
        await addDialog(page).getByLabel("Cookies, one per line").waitFor();
        assert.equal(new URL(page.url()).pathname, "/admin/accounts");
      }
      await byRole(addDialog(page), "button", "Cancel").click();
      await addDialog(page).waitFor({ state: "hidden" });
      await page.waitForURL("/admin/accounts");
      await byRole(page, "link", "Add your own accounts").click();
      await addDialog(page).waitFor();
    },
  );
}

pageTest(
  "who signs in for the banner's sake comes to the dialog",
  { serve: demo, signedIn: false },
  async ({ page }) => {
    await open(page, "/");
    await byRole(page, "link", "Add your own accounts").click();
    await page.getByLabel("Password").fill("correct-horse-battery");
    await byRole(page, "button", "Sign in").click();
    await addDialog(page).waitFor();
  },
);

pageTest(
  "visitors of the demo are told why they may not chat any more",
  { serve: demo, expected: [/status of 401/] },
  async ({ page, context, site }) => {
    const visitors = await newContext(context.browser(), site);
    try {
      const visitor = await visitors.newPage();
      await open(visitor, "/");
      await ask(visitor, "Hello");
      await answered(visitor);
      await open(page, "/admin/accounts?add=1");
      assert.equal(await addDialog(page).getByLabel(allow).isChecked(), false);
      await addFirst(page);
      await ask(visitor, "Still there?");
      await visitor.getByRole("alert").getByText("The demo has ended").waitFor();
      await byRole(visitor.getByRole("alert"), "link", "Sign in").click();
      await visitor.getByText("The demo has ended").waitFor();
      await visitor.goto("/");
      await visitor.getByText("The demo has ended").waitFor();
    } finally {
      await visitors.close();
    }
  },
);

pageTest(
  "visitors go on chatting where the operator lets them",
  { serve: demo },
  async ({ page, context, site, sim }) => {
    const visitors = await newContext(context.browser(), site);
    try {
      const visitor = await visitors.newPage();
      await open(visitor, "/");
      await open(page, "/admin/accounts?add=1");
      await addDialog(page).getByLabel(allow).check();
      await addFirst(page);
      await ask(visitor, "Still there?");
      await answered(visitor);
      const chats = await sim.requests("chat");
      assert.deepEqual(chats.map((chat) => chat.account), ["first-basic-0001"]);
    } finally {
      await visitors.close();
    }
  },
);

pageTest(
  "what the environment decides is not promised",
  {
    serve: demo,
    settings: { GROK2API_APP__PUBLIC_ENABLED: "false" },
    expected: [/status of 409/],
  },
  async ({ page, site }) => {
    await open(page, "/admin/accounts?add=1");
    await addDialog(page).getByLabel(allow).check();
    await addDialog(page).getByLabel("Cookies, one per line").fill("first-basic-0001");
    await addDialog(page).getByRole("button", { name: "Add 1 account" }).click();
    await addDialog(page).getByText("GROK2API_APP__PUBLIC_ENABLED").waitFor();
    assert.equal((await site.readiness()).demo, true, "nothing was added");
  },
);
