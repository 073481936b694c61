// What is written and not sent yet is kept: for each chat, over reloads, apart in each tab.
import assert from "node:assert/strict";
import { waitUntil } from "../lib/gateway.mjs";
import { byRole, open } from "./browser.mjs";
import { answered, ask, messageField, questions, words } from "./chat.mjs";
import { pageTest } from "./harness.mjs";

const accounts = ["drafter-super-0001"];
const notes = { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("Buy milk") };

// Waits until the composer says this.
const says = (page, words) =>
  waitUntil(async () => (await messageField(page).inputValue()) === words, `the composer does not say “${words}”`);

pageTest("a draft stays over a reload with its files, until it is sent", { accounts }, async ({ page, sim }) => {
  await open(page, "/");
  await messageField(page).fill("Half a\nthought");
  await page.locator("input[type=file]").setInputFiles([notes]);
  await byRole(page, "button", "Send").and(page.locator(":enabled")).waitFor();
  await open(page, "/");
  await says(page, "Half a\nthought");
  await byRole(page, "button", "Remove notes.txt").waitFor();
  await byRole(page, "button", "Send").click();
  await answered(page);
  assert.equal(await words(questions(page)).innerText(), "Half a\nthought");
  await questions(page).getByText("notes.txt").waitFor();
  assert.equal((await sim.requests("upload")).length, 1, "the file is whole");
  await open(page, "/");
  await byRole(page, "heading", "What can I help with?").waitFor();
  assert.equal(await messageField(page).inputValue(), "", "what was sent does not come back");
  assert.equal(await byRole(page, "button", "Remove notes.txt").count(), 0);
});

pageTest("each chat has a draft of its own, and so has a new one", { accounts }, async ({ page }) => {
  const list = page.getByRole("navigation", { name: "Chats" });
  await open(page, "/");
  await ask(page, "First chat");
  await answered(page);
  await page.waitForURL(/\?c=/);
  await messageField(page).fill("for the first");
  await page.keyboard.press("Control+Shift+O");
  await page.waitForURL((url) => url.search === "");
  await says(page, "");
  await messageField(page).fill("for a new one");
  await list.getByRole("link", { name: "First chat" }).click();
  await says(page, "for the first");
  await page.goBack();
  await says(page, "for a new one");
  await open(page, "/");
  await says(page, "for a new one");
  await list.getByRole("link", { name: "First chat" }).click();
  await says(page, "for the first");
});

pageTest("two tabs keep their own words, and a closed one leaves them", { accounts }, async ({ page, context }) => {
  await open(page, "/");
  await messageField(page).fill("of the first tab");
  const other = await context.newPage();
  await open(other, "/");
  assert.equal(await messageField(other).inputValue(), "", "a new tab begins with nothing");
  await messageField(other).fill("of the second tab");
  await Promise.all([open(page, "/"), open(other, "/")]);
  await says(page, "of the first tab");
  await says(other, "of the second tab");
  await page.close({ runBeforeUnload: true });
  const left = () =>
    other.evaluate(() => Object.values(localStorage).some((row) => row.includes("of the first tab") && row.includes('"is_left":true')));
  await waitUntil(left, "the closed tab does not leave its draft");
  const third = await context.newPage();
  await open(third, "/");
  await says(third, "of the first tab");
  await says(other, "of the second tab");
});

pageTest("a draft moves to a new chat when its own has been deleted elsewhere", { accounts }, async ({ page, context }) => {
  await open(page, "/");
  await ask(page, "Doomed");
  await answered(page);
  await page.waitForURL(/\?c=/);
  const other = await context.newPage();
  await open(other, page.url());
  await words(questions(other)).getByText("Doomed").waitFor();
  await messageField(other).fill("Not finished");
  await page.getByRole("navigation", { name: "Chats" }).getByRole("listitem").hover();
  await page.getByRole("button", { name: "Actions for “Doomed”" }).click();
  await byRole(page, "menuitem", "Delete").click();
  await other.waitForURL((url) => url.search === "");
  await says(other, "Not finished");
});

const editBox = (page) => page.getByRole("textbox", { name: "Edit and send again" });
const edit = (page, at = 0) => byRole(questions(page).nth(at), "button", "Edit and send again").click();

// Waits until the box in which a question is changed says this.
const boxSays = (page, words) =>
  waitUntil(async () => (await editBox(page).inputValue()) === words, `the box does not say “${words}”`);

pageTest("a changed question is a draft too, until it is sent or given up", { accounts }, async ({ page }) => {
  const list = page.getByRole("navigation", { name: "Chats" });
  await open(page, "/");
  await ask(page, "First chat");
  await answered(page);
  await page.waitForURL(/\?c=/);
  await edit(page);
  await editBox(page).fill("First chat, better");
  await editBox(page).press("Escape");
  await editBox(page).waitFor({ state: "detached" });
  assert.equal(await words(questions(page)).innerText(), "First chat", "Escape sends nothing");
  await edit(page);
  await boxSays(page, "First chat, better");
  await editBox(page).fill("First chat, best");
  await page.keyboard.press("Control+Shift+O");
  await page.waitForURL((url) => url.search === "");
  await list.getByRole("link", { name: "First chat" }).click();
  await edit(page);
  await boxSays(page, "First chat, best");
  await open(page, page.url());
  await edit(page);
  await boxSays(page, "First chat, best");
  await editBox(page).press("Enter");
  await words(questions(page)).getByText("First chat, best").waitFor();
  await answered(page);
  await byRole(page, "button", "Previous version").first().click();
  await words(questions(page)).getByText("First chat", { exact: true }).waitFor();
  await edit(page);
  await boxSays(page, "First chat");
  await editBox(page).fill("Never mind");
  await byRole(page, "button", "Cancel").click();
  await edit(page);
  await boxSays(page, "First chat");
});

pageTest("two questions are changed side by side with the next one", { accounts }, async ({ page }) => {
  await open(page, "/");
  for (const words of ["One", "Two"]) {
    await ask(page, words);
    await answered(page);
  }
  await page.waitForURL(/\?c=/);
  await messageField(page).fill("Three");
  await edit(page, 0);
  await editBox(page).fill("One, changed");
  await edit(page, 1);
  await boxSays(page, "Two");
  await editBox(page).fill("Two, changed");
  await open(page, page.url());
  await says(page, "Three");
  await edit(page, 0);
  await boxSays(page, "One, changed");
  await edit(page, 1);
  await boxSays(page, "Two, changed");
});

pageTest("the settings of a chat that has not begun stay with its draft", { accounts }, async ({ page, sim }) => {
  const list = page.getByRole("navigation", { name: "Chats" });
  const prompt = page.getByLabel("System prompt");
  const opened = async (then) => {
    await byRole(page, "button", "Chat settings").click();
    await then();
    await page.keyboard.press("Escape");
    await prompt.waitFor({ state: "detached" });
  };
  const prompts = (words) => opened(() => waitUntil(async () => (await prompt.inputValue()) === words, `the prompt is not “${words}”`));
  await open(page, "/");
  await ask(page, "Another chat");
  await answered(page);
  await page.waitForURL(/\?c=/);
  await page.keyboard.press("Control+Shift+O");
  await page.waitForURL((url) => url.search === "");
  await prompts("");
  await opened(() => prompt.fill("Talk like a pirate"));
  await open(page, "/");
  await prompts("Talk like a pirate");
  await list.getByRole("link", { name: "Another chat" }).click();
  await words(questions(page)).getByText("Another chat").waitFor();
  await prompts("");
  await page.goBack();
  await page.waitForURL((url) => url.search === "");
  await prompts("Talk like a pirate");
  await ask(page, "Hello");
  await answered(page);
  const chats = await sim.requests("chat");
  assert.match(JSON.stringify(chats.at(-1).body), /Talk like a pirate/);
  await open(page, "/");
  await prompts("");
});

pageTest("a prompt that is still being typed outlives a reload", { accounts }, async ({ page }) => {
  await open(page, "/");
  await byRole(page, "button", "Chat settings").click();
  await page.getByLabel("System prompt").pressSequentially("Be brief");
  await open(page, "/");
  await byRole(page, "button", "Chat settings").click();
  const prompt = page.getByLabel("System prompt");
  await waitUntil(async () => (await prompt.inputValue()) === "Be brief", "the prompt is lost");
});
