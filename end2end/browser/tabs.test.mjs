// One person, several tabs: nothing that one tab wrote is undone by another.
import assert from "node:assert/strict";
import { waitUntil } from "../lib/gateway.mjs";
import { byRole, drawn, open } from "./browser.mjs";
import { answered, answers, ask, messageField, questions, stopButton, words } from "./chat.mjs";
import { pageTest, visiblePace } from "./harness.mjs";
import { answersStored, holdNextRead, storedChats } from "./store.mjs";

const accounts = ["tabs-basic-0001", "tabs-super-0002"];
const aborted = /completions net::ERR_ABORTED/;
const text = (words) => ({ kind: "text", text: words });
const list = (page) => page.getByRole("navigation", { name: "Chats" });
const asked = (page) => words(questions(page)).allInnerTexts();

// The page and another tab, both on a chat of one exchange.
async function twoTabs(page, context) {
  await open(page, "/");
  await ask(page, "Opening");
  await answered(page);
  await page.waitForURL(/\?c=/);
  const other = await context.newPage();
  await open(other, page.url());
  await words(questions(other)).getByText("Opening").waitFor();
  return other;
}

async function act(page, title, action) {
  await list(page).getByRole("listitem").filter({ hasText: title }).hover();
  await page.getByRole("button", { name: `Actions for “${title}”` }).click();
  await byRole(page, "menuitem", action).click();
}

pageTest("what two tabs ask in one chat stays, and each sees the other's", { accounts }, async ({ page, context }) => {
  const other = await twoTabs(page, context);
  await ask(page, "From the first");
  await answered(page);
  await words(questions(other)).getByText("From the first").waitFor();
  await answered(other);
  await ask(other, "From the second");
  await answered(other);
  const all = ["Opening", "From the first", "From the second"];
  for (const tab of [page, other]) {
    await waitUntil(async () => (await answers(tab).count()) === 3, "the other's answer is missing");
    assert.deepEqual(await asked(tab), all);
  }
  await open(page, page.url());
  await words(questions(page)).getByText("From the second").waitFor();
  assert.deepEqual(await asked(page), all, "and after a reload");
});

pageTest("what two tabs ask at the same moment is all there, in one order", { accounts }, async ({ page, context }) => {
  const other = await twoTabs(page, context);
  const send = (tab, words) =>
    tab.evaluate((words) => {
      const field = document.getElementById("chat-input");
      field.value = words;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    }, words);
  await Promise.all([send(page, "At once, one"), send(other, "At once, two")]);
  const stored = async () => (await storedChats(page))[0].turns;
  await waitUntil(async () => {
    const turns = await stored();
    return turns.length === 6 && turns.every(({ state }) => state.kind === "complete");
  }, "not all of it is stored", 30);
  const turns = await stored();
  const texts = turns.filter(({ author }) => author === "user").map(({ text }) => text);
  assert.deepEqual([...texts].sort(), ["At once, one", "At once, two", "Opening"]);
  assert.deepEqual(turns.map(({ id }) => id), turns.map(({ id }) => id).sort((a, b) => a - b));
  await Promise.all([open(page, page.url()), open(other, other.url())]);
  await words(questions(page)).getByText("At once").first().waitFor();
  await words(questions(other)).getByText("At once").first().waitFor();
  assert.deepEqual(await asked(page), await asked(other), "both tabs show the same order");
});

pageTest(
  "an answer grows in the other tab too, which can stop it",
  { accounts, pace: visiblePace, expected: [aborted] },
  async ({ page, context, sim }) => {
    await sim.reply(text("Yes."), text(Array.from({ length: 400 }, (_, at) => `word${at}`).join(" ")));
    const other = await twoTabs(page, context);
    await ask(page, "Count, please");
    const shown = words(answers(other).last());
    await shown.getByText("word0").waitFor();
    const { length } = await shown.innerText();
    await waitUntil(async () => (await shown.innerText()).length > length, "it does not grow");
    await stopButton(other).click();
    await page.getByText("You stopped this answer.").waitFor();
    await other.getByText("You stopped this answer.").waitFor();
    assert.equal(await shown.innerText(), await words(answers(page).last()).innerText());
  },
);

pageTest(
  "an answer whose tab is closed says so in the other",
  { accounts, pace: visiblePace, expected: [aborted] },
  async ({ page, context, sim }) => {
    await sim.reply(text("Yes."), text(Array.from({ length: 400 }, (_, at) => `word${at}`).join(" ")));
    const other = await twoTabs(page, context);
    await ask(page, "Count, please");
    await words(answers(other).last()).getByText("word0").waitFor();
    await page.close();
    await other.getByText("The page was closed before this answer was complete.").waitFor();
    assert.match(await words(answers(other).last()).innerText(), /^word0 word1/);
    await byRole(other, "button", "Send").waitFor();
  },
);

pageTest("a chat deleted in one tab is gone from the other, until the undo", { accounts }, async ({ page, context }) => {
  const other = await twoTabs(page, context);
  const address = page.url();
  await act(page, "Opening", "Delete");
  await other.getByText("This chat was deleted in another tab.").waitFor();
  await other.waitForURL((url) => url.search === "");
  assert.equal(await list(other).getByRole("link").count(), 0);
  await byRole(page, "button", "Undo").click();
  for (const tab of [page, other]) await list(tab).getByRole("link", { name: "Opening" }).waitFor();
  await open(other, address);
  await words(questions(other)).getByText("Opening").waitFor();
});

pageTest("an undo leads everyone back into the chat, to its draft", { accounts }, async ({ page, context }) => {
  const other = await twoTabs(page, context);
  const address = page.url();
  await messageField(page).fill("of the first tab");
  await messageField(other).fill("of the second tab");
  await act(page, "Opening", "Delete");
  const told = other.getByText("This chat was deleted in another tab.");
  await told.waitFor();
  await other.waitForURL((url) => url.search === "");
  await byRole(page, "button", "Undo").click();
  for (const [tab, draft] of [
    [page, "of the first tab"],
    [other, "of the second tab"],
  ]) {
    await tab.waitForURL(address);
    await words(questions(tab)).getByText("Opening").waitFor();
    await waitUntil(async () => (await messageField(tab).inputValue()) === draft, `“${draft}” is not back`);
    await tab.waitForFunction(() => document.activeElement?.id === "chat-input");
  }
  await told.waitFor({ state: "detached" });
  await page.keyboard.press("Control+Shift+O");
  await page.waitForURL((url) => url.search === "");
  assert.equal(await messageField(page).inputValue(), "", "nothing stays behind");
});

pageTest("an undo takes nobody out of the chat they are in by now", { accounts }, async ({ page }) => {
  await open(page, "/");
  for (const title of ["Opening", "Elsewhere"]) {
    await ask(page, title);
    await answered(page);
    await page.waitForURL(/\?c=/);
    await page.keyboard.press("Control+Shift+O");
    await page.waitForURL((url) => url.search === "");
  }
  await list(page).getByRole("link", { name: "Opening" }).click();
  await words(questions(page)).getByText("Opening").waitFor();
  await act(page, "Opening", "Delete");
  await page.waitForURL((url) => url.search === "");
  await list(page).getByRole("link", { name: "Elsewhere" }).click();
  await words(questions(page)).getByText("Elsewhere").waitFor();
  await byRole(page, "button", "Undo").click();
  await list(page).getByRole("link", { name: "Opening" }).waitFor();
  await drawn(page);
  await words(questions(page)).getByText("Elsewhere").waitFor();
  await page.waitForFunction(() => document.activeElement?.id === "chat-input");
});

pageTest("an undo takes nobody away from a new chat that they have begun to write", { accounts }, async ({ page, context }) => {
  await open(page, "/");
  await ask(page, "Opening");
  await answered(page);
  await page.waitForURL(/\?c=/);
  const other = await context.newPage();
  await open(other, page.url());
  await words(questions(other)).getByText("Opening").waitFor();
  await act(page, "Opening", "Delete");
  await other.waitForURL((url) => url.search === "");
  await other.locator("#chat-input").fill("Something new");
  await byRole(page, "button", "Undo").click();
  await list(other).getByRole("link", { name: "Opening" }).waitFor();
  await drawn(other);
  assert.equal(new URL(other.url()).search, "");
  assert.equal(await other.locator("#chat-input").inputValue(), "Something new");
});

pageTest("a list that was read before a chat was deleted does not bring it back", { accounts }, async ({ page }) => {
  await open(page, "/");
  await ask(page, "Opening");
  await answered(page);
  await page.waitForURL(/\?c=/);
  await answersStored(page);
  const read = await holdNextRead(page, "summaries");
  const id = new URL(page.url()).searchParams.get("c");
  await page.evaluate((id) => new BroadcastChannel("grok2api-chat").postMessage(`stored ${id}`), id);
  await read.reached();
  await act(page, "Opening", "Delete");
  await waitUntil(async () => (await storedChats(page))[0].is_deleted, "the deletion is not stored");
  await read.release();
  await drawn(page);
  assert.equal(await list(page).getByRole("link").count(), 0);
});

pageTest(
  "an answer that ends while another tab opens its chat is whole there",
  { accounts, pace: visiblePace },
  async ({ page, context, sim }) => {
    await sim.reply(text(Array.from({ length: 20 }, (_, at) => `word${at}`).join(" ")));
    const other = await context.newPage();
    for (const tab of [page, other]) await open(tab, "/");
    await ask(page, "Count, please");
    const read = await holdNextRead(other, "conversations");
    await list(other).getByRole("link", { name: "Count, please" }).click();
    await read.reached();
    const whole = await answered(page);
    await answersStored(page);
    await read.release();
    await words(answers(other)).getByText("word19").waitFor();
    assert.equal(await answered(other), whole);
  },
);

pageTest(
  "an answer that ends after its chat was deleted does not bring it back",
  { accounts, pace: visiblePace, expected: [aborted] },
  async ({ page, context, sim }) => {
    await sim.reply(text("Yes."), text(Array.from({ length: 400 }, (_, at) => `word${at}`).join(" ")));
    const other = await twoTabs(page, context);
    await ask(page, "Count, please");
    await words(answers(page).last()).getByText("word0").waitFor();
    await act(other, "Opening", "Delete");
    await page.getByText("This chat was deleted in another tab.").waitFor();
    await waitUntil(async () => (await sim.requests("chat"))[1].aborted, "the upstream still answers");
    await open(page, "/");
    await open(other, "/");
    for (const tab of [page, other]) {
      await tab.getByText("Your chats appear here.").waitFor();
      assert.equal(await list(tab).getByRole("link").count(), 0);
    }
  },
);

pageTest("a chat is named, pinned and set up in one tab, and the other keeps it so", { accounts }, async ({ page, context }) => {
  const other = await twoTabs(page, context);
  await act(page, "Opening", "Rename");
  await page.getByRole("textbox", { name: "Rename" }).fill("Chosen name");
  await page.keyboard.press("Enter");
  await list(other).getByRole("link", { name: "Chosen name" }).waitFor();
  await byRole(other, "heading", "Chosen name").waitFor();
  await act(other, "Chosen name", "Pin");
  await list(page).getByRole("heading", { name: "Pinned" }).waitFor();
  await ask(page, "Go on");
  await answered(page);
  await open(other, other.url());
  await list(other).getByRole("link", { name: "Chosen name" }).waitFor();
  await list(other).getByRole("heading", { name: "Pinned" }).waitFor();
});

pageTest("whatever becomes of a write, the store is closed for the next version", { accounts }, async ({ page, context }) => {
  await context.addInitScript(() => {
    window.connections = { opened: 0, closed: 0 };
    const { open } = IDBFactory.prototype;
    IDBFactory.prototype.open = function (...rest) {
      const request = open.apply(this, rest);
      request.addEventListener("success", () => window.connections.opened++);
      return request;
    };
    const { close } = IDBDatabase.prototype;
    IDBDatabase.prototype.close = function () {
      window.connections.closed++;
      return close.call(this);
    };
  });
  await open(page, "/");
  await ask(page, "Opening");
  await answered(page);
  await page.waitForURL(/\?c=/);
  await answersStored(page);
  // As another tab leaves a chat that it has removed for good: nothing is written to it any more.
  await page.evaluate(async () => {
    const result = (request) => new Promise((done) => (request.onsuccess = () => done(request.result)));
    const database = await result(indexedDB.open("grok2api-chat"));
    const table = database.transaction("summaries", "readwrite").objectStore("summaries");
    const [row] = await result(table.getAll());
    const summary = JSON.parse(row);
    await result(table.put(JSON.stringify({ ...summary, is_purged: true }), summary.id));
    database.close();
    // One that the page has open would be counted once.
    while (window.connections.opened !== window.connections.closed) await new Promise((done) => setTimeout(done, 5));
    window.connections = { opened: 0, closed: 0 };
  });
  await act(page, "Opening", "Pin");
  const { opened, closed } = await page.waitForFunction(() => {
    const { opened, closed } = window.connections;
    return opened > 1 && opened === closed && window.connections;
  }).then((handle) => handle.jsonValue());
  assert.equal(opened, closed);
});
