// What a person reads when an answer fails.
import assert from "node:assert/strict";
import { byRole, open } from "./browser.mjs";
import { ask } from "./chat.mjs";
import { pageTest } from "./harness.mjs";

const expected = [/status of (429|50[234])/];
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
    assert.match(await headline(page), /^Grok could not answer/);
    const detail = notice(page).getByText("status 503");
    assert.equal(await detail.isVisible(), false);
    await notice(page).getByText("Details").click();
    await detail.waitFor();
    await byRole(notice(page), "link", "Look at the accounts").click();
    await byRole(page, "heading", "Accounts").waitFor();
  },
);

pageTest(
  "without any account nobody is told to wait, and visitors get no link of the operator's",
  { settings: { GROK2API_APP__PUBLIC_ENABLED: "true" }, signedIn: false, expected },
  async ({ page }) => {
    await open(page, "/");
    await ask(page, "Are you there?");
    const said = await headline(page);
    assert.match(said, /^No account can serve this model\./);
    assert.doesNotMatch(said, /\d/);
    assert.equal(await byRole(notice(page), "link", "Look at the accounts").count(), 0);
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
    await site.stop();
    await ask(page, "Are you there?");
    assert.match(await headline(page), /^The server could not be reached/);
  },
);
