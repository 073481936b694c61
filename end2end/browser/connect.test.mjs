// "Connect a client": configuration to copy, and the check that asks as a client does.
import assert from "node:assert/strict";
import { apiKey, keyed, waitUntil } from "../lib/gateway.mjs";
import { byRole, hold, isAccessible, newContext, open, signIn } from "./browser.mjs";
import { pageTest } from "./harness.mjs";

const accounts = ["client-basic-0001", "client-super-0002"];
const clipboardRights = { permissions: ["clipboard-read", "clipboard-write"] };
const path = "/admin/connect";
const placeholder = "YOUR_API_KEY";

const section = (page, id) => page.locator(`#${id}`);
const textOf = (page, id) => section(page, id).textContent();
const keyField = (page) => page.getByLabel("API key", { exact: true });
const showKey = (page) => page.getByRole("switch", { name: /^Show the key/ });
const step = (page, at) => page.locator(".check-step").nth(at);
const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());

// Unfolds a client by the keyboard.
async function unfold(page, id) {
  await section(page, id).locator("summary").focus();
  await page.keyboard.press("Enter");
  await section(page, id).locator("code").first().waitFor();
}

// Unfolds all of them.
const unfoldAll = (page) =>
  page.evaluate(() => document.querySelectorAll("details.connect-client").forEach((one) => (one.open = true)));

async function check(page, key) {
  if (key !== undefined) await keyField(page).fill(key);
  await byRole(page, "button", "Check").click();
}

pageTest("every client is told the address of this server", { accounts, settings: keyed }, async ({ page, site }) => {
  await open(page, path);
  for (const id of ["curl", "openai-python", "openai-node", "langchain", "codex", "continue", "librechat", "open-webui", "cursor"]) {
    const text = await textOf(page, id);
    // In a container 127.0.0.1 is the container.
    const address = ["librechat", "open-webui"].includes(id) ? site.url.replace("127.0.0.1", "host.docker.internal") : site.url;
    assert.ok(text.includes(`${address}/v1`), `${id}: ${text}`);
    // Open WebUI asks for the models itself.
    assert.ok(id === "open-webui" || text.includes("grok-3"), `${id} names no model`);
  }
  const claude = await textOf(page, "claude-code");
  assert.ok(claude.includes(`ANTHROPIC_BASE_URL=${site.url}\n`), "Anthropic's clients take no /v1");
  assert.ok(claude.includes("[[models]]"), "names of Claude's models are aliases");
});

pageTest(
  "the page is whole without our code, in the language that is asked for",
  {
    accounts,
    settings: keyed,
    browser: { javaScriptEnabled: false, locale: "zh-CN" },
    // Scripts are named in the page and not fetched.
    expected: [/\.js csp$/],
  },
  async ({ page, site }) => {
    const answer = await page.goto(path);
    assert.ok(!(await answer.text()).includes(apiKey), "a configured key is no part of the page");
    await byRole(page, "heading", "连接客户端").waitFor();
    await byRole(page, "heading", "检查连接").waitFor();
    await unfold(page, "codex");
    await section(page, "codex").getByText(`base_url = "${site.url}/v1"`).waitFor();
  },
);

pageTest(
  "what is copied is what is shown",
  { accounts, settings: keyed, browser: clipboardRights },
  async ({ page, site }) => {
    await open(page, path);
    await byRole(page, "button", "Copy: For OpenAI’s API").click();
    await waitUntil(async () => (await clipboard(page)) === `${site.url}/v1`, "the address was not copied");
    await unfold(page, "codex");
    await byRole(page, "button", "Copy: Codex: ~/.codex/config.toml").click();
    const shown = await section(page, "codex").locator("pre").first().innerText();
    await waitUntil(async () => (await clipboard(page)) === shown, "the file was not copied");
    await page.getByRole("button", { name: "Copied: Codex" }).waitFor();
  },
);

pageTest(
  "over plain http, where browsers give pages no clipboard, copying works too",
  { accounts, browser: clipboardRights },
  async ({ page, context, site }) => {
    await context.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
    await open(page, path);
    const button = byRole(page, "button", "Copy: For OpenAI’s API");
    await button.click();
    await byRole(page, "button", "Copied: For OpenAI’s API").waitFor();
    await keyField(page).focus();
    await page.keyboard.press("Control+V");
    assert.equal(await keyField(page).inputValue(), `${site.url}/v1`);
  },
);

pageTest("a key is seen only when it is to be", { accounts, settings: keyed }, async ({ page, context }) => {
  await open(page, path);
  await unfold(page, "openai-python");
  const python = section(page, "openai-python").locator("pre");
  await keyField(page).fill('sk-"mine"');
  assert.equal(await keyField(page).getAttribute("type"), "password");
  assert.match(await python.innerText(), new RegExp(`api_key="${placeholder}"`));
  await showKey(page).check({ force: true });
  await page.getByText(String.raw`api_key="sk-\"mine\""`).first().waitFor();
  assert.equal(await keyField(page).getAttribute("type"), "text");
  const [kept] = (await context.storageState()).origins;
  assert.ok(!JSON.stringify(kept ?? {}).includes("mine"), "it is stored nowhere");
  await page.reload();
  assert.equal(await keyField(page).inputValue(), "");
});

pageTest("the chosen model is in every configuration", { accounts }, async ({ page }) => {
  await open(page, path);
  await page.getByLabel("Model", { exact: true }).selectOption("grok-3-mini");
  await unfold(page, "codex");
  await page.getByText('model = "grok-3-mini"').waitFor();
  assert.match(await textOf(page, "curl"), /"model": "grok-3-mini"/);
});

pageTest("with the right key the check ends well", { accounts, settings: keyed }, async ({ page, sim }) => {
  await sim.reply({ kind: "text", text: "ready" });
  await open(page, path);
  await check(page, ` ${apiKey} `);
  await step(page, 1).getByText(/first word after .* whole answer after .* · “ready”/).waitFor();
  await step(page, 0).getByText(/^\d+ models · \d/).waitFor();
  const asked = await sim.requests("chat");
  assert.equal(asked.length, 1, "it costs one question");
  await isAccessible(page, "a check that ended well");
});

pageTest(
  "with a wrong key the check says so, and asks nothing",
  { accounts, settings: keyed, expected: [/status of 401/] },
  async ({ page, sim }) => {
    await open(page, path);
    await byRole(page, "button", "Check").click();
    await page.getByText("Enter a key first").waitFor();
    assert.equal(await keyField(page).evaluate((field) => field === document.activeElement), true);
    await check(page, "sk-wrong");
    await step(page, 0).getByText("The server does not accept this key.").waitFor();
    await step(page, 1).getByText("Not done yet").waitFor();
    assert.deepEqual(await sim.requests("chat"), []);
    await isAccessible(page, "a refused key");
    await check(page, apiKey);
    await step(page, 1).getByText(/first word after/).waitFor();
  },
);

pageTest(
  "without accounts the page says so, before the check and after it",
  { expected: [/status of (429|503)/] },
  async ({ page }) => {
    await open(page, "/admin/accounts");
    await page.locator(".empty").getByRole("link", { name: "Connect a client" }).click();
    await page.getByText("No account can answer yet.").waitFor();
    await check(page);
    await step(page, 0).getByText(/models/).first().waitFor();
    await step(page, 1).getByText(/add or repair an account/).waitFor();
    await step(page, 1).getByRole("link", { name: "Go to the accounts" }).waitFor();
  },
);

pageTest(
  "a check is stopped, and what is not reached is said",
  { accounts, expected: [/v1\/models net::/, /ERR_FAILED/] },
  async ({ page }) => {
    await open(page, path);
    const held = await hold(page, "**/v1/models");
    await check(page);
    await held.asked;
    await byRole(page, "button", "Stop").click();
    await step(page, 0).getByText("Stopped").waitFor();
    held.release();
    await page.unroute("**/v1/models");
    await page.route("**/v1/models", (route) => route.abort());
    await check(page);
    await step(page, 0).getByText("The server cannot be reached.").waitFor();
    await page.unroute("**/v1/models");
    await page.route("**/v1/models", (route) => route.fulfill({ body: "<h1>Hello</h1>" }));
    await check(page);
    await step(page, 0).getByText("Something other than this server has answered").waitFor();
  },
);

pageTest(
  "an address that is configured counts, and the check says which one it asks",
  { accounts, settings: { GROK2API_APP__APP_URL: "http://grok.example:8080/" } },
  async ({ page, site }) => {
    await open(page, path);
    assert.ok((await textOf(page, "codex")).includes('"http://grok.example:8080/v1"'));
    await page.getByText(`You have opened this page under ${site.url}.`).waitFor();
    await page.getByText(`It asks ${site.url}, from where this page came, and not http://grok.example:8080`).waitFor();
    await check(page);
    await step(page, 1).getByText(/first word after/).waitFor();
  },
);

pageTest("tools for agents are configured where they are on", { accounts }, async ({ page }) => {
  await open(page, path);
  await unfold(page, "mcp");
  await section(page, "mcp").getByText("[mcp]").waitFor();
});

pageTest(
  "tools for agents have their own path and key",
  {
    accounts,
    settings: {
      ...keyed,
      GROK2API_MCP__ENABLED: "true",
      GROK2API_MCP__API_KEY: "mcp-secret",
      GROK2API_MCP__MOUNT_PATH: "/tools",
    },
  },
  async ({ page, site }) => {
    await open(page, path);
    await keyField(page).fill("sk-typed");
    await showKey(page).check({ force: true });
    await waitUntil(async () => (await textOf(page, "curl")).includes("sk-typed"), "the key is not shown");
    const text = await textOf(page, "mcp");
    assert.ok(text.includes(`"url": "${site.url}/tools"`), text);
    assert.ok(!text.includes("sk-typed") && !text.includes("mcp-secret"), text);
  },
);

for (const locale of ["en-GB", "zh-CN"]) {
  pageTest(
    `the page is accessible and jumps nowhere in ${locale}`,
    { accounts, browser: { locale } },
    async ({ page, context, site }) => {
      await open(page, path);
      const total = await page.evaluate(() => window.shifts.reduce((sum, shift) => sum + shift.value, 0));
      assert.ok(total <= 0.02, `shifts by ${total}`);
      await isAccessible(page, path);
      await unfoldAll(page);
      await isAccessible(page, `${path}, unfolded`);
      const phone = await newContext(context.browser(), site, {
        locale,
        viewport: { width: 390, height: 844 },
        hasTouch: true,
        isMobile: true,
      });
      await signIn(phone, site);
      const small = await phone.newPage();
      await open(small, path);
      await unfoldAll(small);
      await isAccessible(small, `${path} on a phone`);
      const overflow = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
      assert.ok((await small.evaluate(overflow)) <= 0, "it scrolls sideways");
      await phone.close();
    },
  );
}

pageTest("the language changes without a reload, what is entered stays", { accounts }, async ({ page }) => {
  await open(page, path);
  await keyField(page).fill("sk-kept");
  await unfoldAll(page);
  await byRole(page, "button", "Language").click();
  await byRole(page, "menuitemradio", "简体中文").click();
  await byRole(page, "heading", "连接客户端").waitFor();
  assert.equal(await page.getByLabel("API 密钥", { exact: true }).inputValue(), "sk-kept");
  const left = await page.getByText(/\b(Check|Stop|Copy|Show|Address|Terminal|The)\b/).allInnerTexts();
  assert.deepEqual(left, [], "nothing stays English");
});
