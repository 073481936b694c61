// What a person reads when an answer fails.
import assert from "node:assert/strict";
import { byRole, open } from "./browser.mjs";
import { answers, ask, words } from "./chat.mjs";
import { pageTest } from "./harness.mjs";

const expected = [/status of (429|50[234])/, /completions net::ERR_ABORTED/];
const notice = (page) => page.getByRole("alert").filter({ hasText: "Try again" });
// What machines say, and nobody else.
const machine = /os error|HTTP \d|status \d{3}|upstream|lookup|socket|undefined/i;

async function headline(page) {
  await notice(page).waitFor();
  const [first] = (await notice(page).innerText()).split("\n");
  assert.doesNotMatch(first, machine);
  return first;
}

pageTest(
  "a refusal of Grok's is told in words, with the machine's own one step away",
  { accounts: ["words-basic-0001"], expected },
  async ({ page, sim }) => {
    await sim.reply({ kind: "server_error", status: 503 });
    await open(page, "/");
    await ask(page, "Are you there?");
    assert.match(await headline(page), /^Grok has trouble of its own\. Try again in a moment\.$/);
    const detail = notice(page).getByText("status 503");
    assert.equal(await detail.isVisible(), false);
    await notice(page).getByText("Details").click();
    await detail.waitFor();
    assert.equal(await byRole(notice(page), "link", "Look at the accounts").count(), 0, "no account is at fault");
  },
);

pageTest(
  "without any account nobody is told to wait, and visitors get no link of the operator's",
  { settings: { GROK2API_APP__PUBLIC_ENABLED: "true" }, signedIn: false, expected },
  async ({ page }) => {
    await open(page, "/");
    await ask(page, "Are you there?");
    const said = await headline(page);
    assert.match(said, /^No account of this server can answer.* tell the operator/);
    assert.doesNotMatch(said, /Choose another model/);
    assert.doesNotMatch(said, /\d/);
    assert.equal(await byRole(notice(page), "link", "Look at the accounts").count(), 0);
  },
);

// A lone account is asked again after a refusal.
const askedOnce = { GROK2API_RETRY__MAX_RETRY: "1" };

// What the operator and a visitor read when Grok does not take the account's cookie.
for (const [who, options, says, links] of [
  ["the operator is told to renew the cookie", {}, /Renew its cookie on the accounts page/, 1],
  [
    "a visitor is told to tell the operator",
    { settings: { GROK2API_APP__PUBLIC_ENABLED: "true" }, signedIn: false },
    /tell the operator of this server/,
    0,
  ],
]) {
  pageTest(
    `when Grok refuses the account’s sign-in, ${who}`,
    { accounts: ["refused-basic-0001"], expected, ...options, settings: { ...askedOnce, ...options.settings } },
    async ({ page, sim }) => {
      await sim.reply({ kind: "unauthorized" });
      await open(page, "/");
      await ask(page, "Are you there?");
      const said = await headline(page);
      assert.match(said, /^Grok no longer accepts the sign-in of the account/);
      assert.match(said, says);
      const link = byRole(notice(page), "link", "Look at the accounts");
      assert.equal(await link.count(), links);
      if (links) {
        await link.click();
        await byRole(page, "heading", "Accounts").waitFor();
      }
    },
  );
}

pageTest(
  "a server that cannot reach Grok says so, and where to look",
  { accounts: ["far-basic-0001"], settings: { GROK2API_UPSTREAM__WEB_URL: "http://127.0.0.1:1" }, expected },
  async ({ page }) => {
    await open(page, "/");
    await ask(page, "Are you there?");
    assert.match(await headline(page), /^This server cannot reach Grok\. Check its network, and proxy in config\.toml/);
  },
);

pageTest(
  "an answer that Grok breaks off keeps what came and says what happened",
  { accounts: ["broken-basic-0001"], expected },
  async ({ page, sim }) => {
    await sim.reply({ kind: "cut", after_lines: 6 });
    await open(page, "/");
    await ask(page, "Are you there?");
    assert.match(await headline(page), /^The connection to Grok broke before the answer was complete/);
    assert.notEqual((await words(answers(page).last()).innerText()).trim(), "");
  },
);

pageTest(
  "when every account has expired, nobody is sent to another model",
  {
    accounts: ["expired-basic-0001"],
    settings: { ...askedOnce, GROK2API_TOKEN__FAIL_THRESHOLD: "1" },
    expected,
  },
  async ({ page, sim }) => {
    await sim.reply({ kind: "unauthorized" });
    await open(page, "/");
    await ask(page, "Are you there?");
    await headline(page);
    await byRole(notice(page), "button", "Try again").click();
    await notice(page).getByText(/^No account can answer at all/).waitFor();
    const said = await headline(page);
    assert.match(said, /Another model will not help/);
    assert.doesNotMatch(said, /Choose another model/);
    await byRole(notice(page), "link", "Look at the accounts").waitFor();
  },
);

pageTest(
  "a failed answer has one button that tries again",
  { accounts: ["once-basic-0001"], expected },
  async ({ page, sim }) => {
    await sim.reply({ kind: "server_error", status: 503 });
    await open(page, "/");
    await ask(page, "Are you there?");
    await headline(page);
    const answer = answers(page).last();
    assert.equal(await answer.getByRole("button", { name: /^(Try again|Answer again)$/ }).count(), 1);
    const middle = async (part) => {
      const { y, height } = await part.boundingBox();
      return y + height / 2;
    };
    const [text, button] = [notice(page).getByRole("paragraph").first(), byRole(notice(page), "button", "Try again")];
    const apart = Math.abs((await middle(text)) - (await middle(button)));
    assert.ok(apart <= 2, `the words and the button are ${apart} px apart`);
  },
);

pageTest(
  "a wait counts down, and is over after it",
  { accounts: ["count-basic-0001"], expected },
  async ({ page, sim }) => {
    await page.clock.install();
    await sim.reply({ kind: "rate_limited" });
    await open(page, "/");
    await ask(page, "Are you there?");
    const first = await headline(page);
    assert.match(first, /^Grok’s limits are used up on every account.* Try again in \d+ (s|min|h)\.$/);
    await page.clock.fastForward("25:00:00");
    await notice(page).getByText(/account that could answer\.$/).waitFor();
  },
);

pageTest(
  "a server that is gone is said to be gone",
  { accounts: ["gone-basic-0001"], expected: [/ERR_CONNECTION_REFUSED/] },
  async ({ page, site }) => {
    await open(page, "/");
    // All of the page's code is there.
    await page.getByText("Your chats appear here.").waitFor();
    await site.stop();
    await ask(page, "Are you there?");
    assert.match(await headline(page), /^The server could not be reached/);
  },
);
