// Themes, languages, widths and steadiness.
import assert from "node:assert/strict";
import { byRole, drawn, open } from "./browser.mjs";
import { answered, ask } from "./chat.mjs";
import { pageTest } from "./harness.mjs";

const accounts = ["looker-basic-0001", "looker-super-0002"];
const guestPages = ["/login", "/admin/login"];
const pages = [
  "/",
  "/imagine",
  "/video",
  "/voice",
  "/admin/accounts",
  "/admin/media",
  "/admin/connect",
  "/admin/password",
  "/no/such/page",
];
const notFound = /status of 404/;
const wideAnswer = [
  "| one | two | three | four | five |\n| --- | --- | --- | --- | --- |",
  `| ${"wide-cell-without-spaces | ".repeat(5)}`,
  "",
  "```rust",
  `let ${"a_very_long_name_".repeat(20)} = 1;`,
  "```",
  "",
  `https://example.com/${"path/".repeat(40)}`,
].join("\n");

const style = (page, name) =>
  page.evaluate((name) => getComputedStyle(document.documentElement)[name], name);
const background = (page) => style(page, "backgroundColor");
const ink = (page) => page.evaluate(() => getComputedStyle(document.body).color);
const root = (page, name) => page.evaluate((name) => document.documentElement.getAttribute(name), name);

async function choose(page, menu, entry) {
  await byRole(page, "button", menu).click();
  await byRole(page, "menuitemradio", entry).click();
}

pageTest("a theme is chosen without a reload and kept", { accounts }, async ({ page }) => {
  for (const path of ["/", "/admin/accounts"]) {
    await open(page, path);
    await choose(page, "Theme", "Light");
    await page.evaluate(() => (window.isSamePage = true));
    const light = [await background(page), await ink(page)];
    await choose(page, "Theme", "Dark");
    assert.equal(await root(page, "data-theme"), "dark");
    const dark = [await background(page), await ink(page)];
    assert.notEqual(light[0], dark[0]);
    assert.notEqual(light[1], dark[1]);
    assert.equal(await page.evaluate(() => window.isSamePage), true);
    await open(page, path);
    assert.deepEqual([await background(page), await ink(page)], dark, "after loading anew");
  }
});

pageTest("a chosen theme is in the first HTML", { signedIn: false }, async ({ context, site }) => {
  for (const theme of ["light", "dark"]) {
    await context.addCookies([{ name: "theme", value: theme, url: site.url }]);
    const html = await (await context.request.get("/login")).text();
    assert.match(html, new RegExp(`<html[^>]* data-theme="${theme}"`));
  }
});

pageTest(
  "without a choice the system's theme holds, also when it changes",
  { signedIn: false, browser: { colorScheme: "dark" } },
  async ({ page }) => {
    await open(page, "/login");
    assert.equal(await root(page, "data-theme"), null);
    const dark = await background(page);
    await page.emulateMedia({ colorScheme: "light" });
    assert.notEqual(await background(page), dark);
  },
);

pageTest(
  "the browser's language is the page's, from the first HTML on",
  { accounts, browser: { locale: "zh-CN" } },
  async ({ page, context }) => {
    const headers = { accept: "text/html", "accept-language": "zh-CN,zh;q=0.9" };
    const html = await (await context.request.get("/admin/accounts", { headers })).text();
    assert.match(html, /<html lang="zh-CN"/);
    assert.match(html, /<h1[^>]*>账号/);
    await open(page, "/");
    await page.getByPlaceholder("给 Grok 发消息").waitFor();
    await byRole(page, "heading", "有什么可以帮忙的？").waitFor();
    assert.equal(await root(page, "lang"), "zh-CN");
  },
);

pageTest("the language changes without a reload and stays", { accounts }, async ({ page }) => {
  await open(page, "/admin/accounts");
  await page.evaluate(() => (window.isSamePage = true));
  await choose(page, "Language", "简体中文");
  await byRole(page, "heading", "账号").waitFor();
  assert.equal(await root(page, "lang"), "zh-CN");
  assert.match(await page.title(), /^账号/);
  assert.equal(await page.evaluate(() => window.isSamePage), true);
  const left = await page.getByText(/\b(Account|Status|Quota|Active|Search|Sign)\b/).allInnerTexts();
  assert.deepEqual(left, [], "nothing stays English");
  await open(page, "/");
  await page.getByPlaceholder("给 Grok 发消息").waitFor();
  await choose(page, "语言", "English");
  await page.getByPlaceholder("Message Grok").waitFor();
});

async function overflow(page) {
  await drawn(page);
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const wide = [...document.body.querySelectorAll("*")].filter((element) => {
      const box = element.getBoundingClientRect();
      return box.right > width + 1 && box.width > 0 && !element.closest("[inert]");
    });
    const most = document.documentElement.scrollWidth;
    return most > width ? `${most} px: ${wide.map((e) => e.className || e.nodeName).slice(0, 5)}` : null;
  });
}

for (const locale of ["en-GB", "zh-CN"]) {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, locale };
  pageTest(
    `no page scrolls sideways at 390 px in ${locale}`,
    { accounts, browser: phone, expected: [notFound] },
    async ({ page, context, sim }) => {
      for (const path of pages) {
        await open(page, path);
        assert.equal(await overflow(page), null, path);
      }
      if (locale === "en-GB") {
        await sim.reply({ kind: "text", text: wideAnswer });
        await open(page, "/");
        await ask(page, "Something wide");
        await answered(page);
        assert.equal(await overflow(page), null, "a wide answer");
      }
      await context.clearCookies();
      for (const path of guestPages) {
        await open(page, path);
        assert.equal(await overflow(page), null, path);
      }
    },
  );
}

pageTest(
  "on a phone the lists are sheets that open, lead on and close",
  { accounts, browser: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } },
  async ({ page }) => {
    await open(page, "/admin/accounts");
    await byRole(page, "button", "Open navigation").click();
    const sheet = page.getByRole("dialog", { name: "Main navigation" });
    await byRole(sheet, "link", "Chat").click();
    await page.getByLabel("Your message").waitFor();
    await byRole(page, "button", "Show or hide the chats").click();
    const chats = page.getByRole("dialog", { name: "Chats" });
    await chats.getByText("Your chats appear here.").waitFor();
    await page.keyboard.press("Escape");
    await chats.waitFor({ state: "hidden" });
  },
);

for (const [width, height] of [
  [1280, 800],
  [390, 844],
]) {
  pageTest(
    `nothing jumps while a page loads at ${width} px`,
    { accounts, browser: { viewport: { width, height } }, expected: [notFound] },
    async ({ page, context }) => {
      const measure = async (path) => {
        await open(page, path);
        await page.evaluate(() => document.fonts.ready);
        await drawn(page);
        const shifts = await page.evaluate(() => window.shifts);
        const total = shifts.reduce((sum, shift) => sum + shift.value, 0);
        assert.ok(total <= 0.02, `${path} shifts by ${total}: ${JSON.stringify(shifts)}`);
      };
      for (const path of pages) await measure(path);
      await context.clearCookies();
      for (const path of guestPages) await measure(path);
    },
  );
}
