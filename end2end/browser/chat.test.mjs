// The chat page: asking, streaming, stopping, changing, keeping.
import assert from "node:assert/strict";
import { waitUntil } from "../lib/gateway.mjs";
import { byRole, open, settle } from "./browser.mjs";
import { answered, answers, ask, chooseModel, messageField, questions, stopButton, words } from "./chat.mjs";
import { pageTest, visiblePace } from "./harness.mjs";

const accounts = ["chatter-basic-0001", "chatter-super-0002"];
const aborted = /completions net::ERR_ABORTED/;
const text = (words, thinking) => ({ kind: "text", text: words, thinking });
const picture = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

pageTest("an answer grows before the eyes", { accounts, pace: visiblePace }, async ({ page, sim, site }) => {
  await sim.reply(text(Array.from({ length: 40 }, (_, at) => `word${at}`).join(" "), []));
  await open(page, "/");
  await ask(page, "Count, please");
  const answer = words(answers(page).last());
  await answer.getByText("word0").waitFor();
  const lengths = [(await answer.innerText()).length];
  for (let step = 0; step < 3; step++) {
    await waitUntil(async () => (await answer.innerText()).length > lengths.at(-1), "it does not grow");
    lengths.push((await answer.innerText()).length);
    assert.equal(await stopButton(page).isVisible(), true, "still answering");
  }
  assert.equal((await site.readiness()).pool.leases, 1);
  assert.match(await answered(page), /word0 .*word39$/s);
  assert.equal((await site.readiness()).pool.leases, 0);
});

pageTest("whoever reads up while an answer grows stays there", { accounts, pace: ["--interval-ms", "20"] }, async ({ page, sim }) => {
  const line = (at) => `Line ${at} of a long answer.\n\n`;
  await sim.reply(text(Array.from({ length: 300 }, (_, at) => line(at)).join(""), []));
  await open(page, "/");
  await ask(page, "Write much, please");
  const list = page.getByRole("region", { name: "Messages" });
  const place = () => list.evaluate(({ scrollTop, scrollHeight, clientHeight }) => ({ scrollTop, fromEnd: scrollHeight - clientHeight - scrollTop }));
  const grown = async (by) => {
    const before = await list.evaluate((list) => list.scrollHeight);
    await waitUntil(async () => (await list.evaluate((list) => list.scrollHeight)) > before + by, "it does not grow");
  };
  await waitUntil(async () => (await place()).scrollTop > 200, "it does not follow the end");
  const box = await list.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  // The steps of a trackpad under a slow hand.
  for (let step = 0; step < 12; step++) {
    await page.mouse.wheel(0, -3);
    await page.waitForTimeout(30);
  }
  const { scrollTop } = await place();
  await grown(200);
  assert.equal((await place()).scrollTop, scrollTop, "pulled back to the end");
  // The very end, and nothing short of it, takes the following up again.
  await page.mouse.wheel(0, (await place()).fromEnd - 60);
  await grown(100);
  assert.ok((await place()).fromEnd > 60, "followed before the end");
  await page.mouse.wheel(0, 100_000);
  await grown(200);
  await waitUntil(async () => (await place()).fromEnd <= 2, "does not follow again");
  await list.focus();
  await page.keyboard.press("PageUp");
  await grown(100);
  assert.ok((await place()).fromEnd > 100, "a key does not let go");
  await byRole(page, "button", "Jump to latest").click();
  await waitUntil(async () => (await place()).fromEnd <= 2, "the button does not lead back");
});

pageTest(
  "stopping keeps what came and frees the account",
  { accounts, pace: visiblePace, expected: [aborted] },
  async ({ page, sim, site }) => {
    await open(page, "/");
    await ask(page, "Write a long essay about rivers");
    const answer = words(answers(page).last());
    await waitUntil(async () => (await answer.count()) && (await answer.innerText()).length > 20, "no text");
    await stopButton(page).click();
    await page.getByText("You stopped this answer.").waitFor();
    const kept = await answer.innerText();
    assert.ok(kept.length > 20);
    await waitUntil(async () => (await site.readiness()).pool.leases === 0, "the lease is still held");
    await waitUntil(async () => (await sim.requests("chat"))[0].aborted, "the upstream still answers");
    await open(page, page.url());
    await page.getByText("You stopped this answer.").waitFor();
    assert.equal(await words(answers(page).last()).innerText(), kept);
  },
);

pageTest(
  "Shift+Enter makes a line, Enter sends, Escape stops",
  { accounts, pace: visiblePace, expected: [aborted] },
  async ({ page, site }) => {
    await open(page, "/");
    await page.waitForFunction(() => document.activeElement?.id === "chat-input");
    await page.keyboard.type("Write an essay");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("about lakes");
    assert.equal(await messageField(page).inputValue(), "Write an essay\nabout lakes");
    await page.keyboard.press("Enter");
    assert.equal(await words(questions(page).last()).innerText(), "Write an essay\nabout lakes");
    assert.equal(await messageField(page).inputValue(), "");
    await stopButton(page).waitFor();
    await page.getByText("Esc stops the answer · Enter sends after it").waitFor();
    assert.equal(await page.getByText("Enter sends · Shift+Enter starts a line").count(), 0, "it does not send now");
    await page.keyboard.press("Escape");
    await page.getByText("You stopped this answer.").waitFor();
    await page.getByText("Enter sends · Shift+Enter starts a line").waitFor();
    await waitUntil(async () => (await site.readiness()).pool.leases === 0, "the lease is still held");
  },
);

pageTest("thoughts are folded, with their seconds", { accounts, pace: visiblePace }, async ({ page, sim }) => {
  const thoughts = "First I weigh the one side of the matter and then I weigh the other side of it as well.";
  await sim.reply(text("Both are fine.", [thoughts]));
  await open(page, "/");
  await chooseModel(page, "grok-4-thinking");
  await ask(page, "Tea or coffee?");
  await page.getByText(/^Thinking…/).waitFor();
  assert.equal(await answered(page), "Both are fine.");
  const fold = answers(page).last().getByText(/^Thought for \d+ s$/);
  await fold.waitFor();
  const inside = page.getByText("I weigh the other side", { exact: false });
  assert.equal(await inside.isVisible(), false);
  await fold.click();
  await inside.waitFor();
});

pageTest("another answer is a version beside the first", { accounts }, async ({ page, sim }) => {
  await sim.reply(text("First answer."), text("Second answer."));
  await open(page, "/");
  await ask(page, "Try twice");
  assert.equal(await answered(page), "First answer.");
  await byRole(page, "button", "Answer again").click();
  await words(answers(page)).getByText("Second answer.").waitFor();
  await page.getByText("2 / 2", { exact: true }).waitFor();
  await byRole(page, "button", "Previous version").click();
  await words(answers(page)).getByText("First answer.").waitFor();
  assert.equal(await answers(page).count(), 1);
});

pageTest("a question is changed and asked again", { accounts }, async ({ page, sim }) => {
  await sim.reply(text("About cats."), text("About dogs."));
  await open(page, "/");
  await ask(page, "Tell me about cats");
  await answered(page);
  await byRole(page, "button", "Edit and send again").click();
  const box = page.getByRole("textbox", { name: "Edit and send again" });
  assert.equal(await box.inputValue(), "Tell me about cats");
  await box.fill("Tell me about dogs");
  await box.press("Enter");
  await words(answers(page)).getByText("About dogs.").waitFor();
  assert.equal(await words(questions(page)).innerText(), "Tell me about dogs");
  const [, second] = await sim.requests("chat");
  assert.ok(!JSON.stringify(second.body).includes("cats"), "the old branch is not sent");
});

pageTest(
  "an answer and its code are copied as written, and code is coloured",
  { accounts, browser: { permissions: ["clipboard-read", "clipboard-write"] } },
  async ({ page, sim }) => {
    const code = 'fn main() {\n    println!("hi"); // greet\n}\n';
    const markdown = `Here **you** are:\n\n\`\`\`rust\n${code}\`\`\``;
    await sim.reply(text(markdown));
    await open(page, "/");
    await ask(page, "A program, please");
    await answered(page);
    const answer = answers(page).last();
    await answer.locator("code span[class^=hl-]").first().waitFor();
    assert.equal((await answer.locator("pre code").textContent()).trim(), code.trim());
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
    await byRole(answer, "button", "Copy").last().click();
    await waitUntil(async () => (await clipboard()).trim() === markdown, "the answer was not copied");
    await byRole(answer, "button", "Copy").first().click();
    await waitUntil(async () => (await clipboard()).trim() === code.trim(), "the code was not copied");
  },
);

pageTest("pictures and files are shown and reach the upstream", { accounts }, async ({ page, sim }) => {
  await sim.reply(text("I see."));
  await open(page, "/");
  await page.locator("input[type=file]").setInputFiles([
    { name: "dot.png", mimeType: "image/png", buffer: picture },
    { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("Buy milk") },
  ]);
  await byRole(page, "button", "Remove dot.png").waitFor();
  await ask(page, "What is this?");
  await answered(page);
  const question = questions(page).last();
  await byRole(question, "img", "dot.png").waitFor();
  await question.getByText("notes.txt").waitFor();
  const uploads = await sim.requests("upload");
  assert.deepEqual(uploads.map(({ body }) => body.fileMimeType).sort(), ["image/png", "text/plain"]);
  const [chat] = await sim.requests("chat");
  assert.equal(chat.body.fileAttachments.length, 2);
  await open(page, page.url());
  const image = byRole(questions(page).last(), "img", "dot.png");
  await image.waitFor();
  assert.equal(await image.evaluate((image) => image.naturalWidth), 1, "kept over a reload");
});

pageTest("after files were chosen the next words go into the message", { accounts }, async ({ page }) => {
  await open(page, "/");
  const chooser = page.waitForEvent("filechooser");
  await byRole(page, "button", "Attach images or files").click();
  await (await chooser).setFiles([{ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("Buy milk") }]);
  await byRole(page, "button", "Remove notes.txt").waitFor();
  await page.waitForFunction(() => document.activeElement?.id === "chat-input");
});

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
for (const [what, browser, isShown] of [
  ["a keyboard", {}, true],
  ["a touch screen", phone, false],
]) {
  pageTest(`the search ${isShown ? "names" : "does not name"} its keys on ${what}`, { accounts, browser }, async ({ page }) => {
    await open(page, "/");
    if (!isShown) await byRole(page, "button", "Show or hide the chats").tap();
    const search = page.getByLabel("Search chats").filter({ visible: true });
    await search.waitFor();
    assert.equal(await search.getAttribute("placeholder"), "Search chats");
    const keys = page.getByText("Ctrl+K").filter({ visible: true });
    assert.equal(await keys.count(), isShown ? 1 : 0);
    await search.fill("words");
    assert.equal(await keys.count(), 0, "they would stand in the way of the words");
  });
}

pageTest("a file is attached by pasting and by dropping, and taken away", { accounts }, async ({ page }) => {
  await open(page, "/");
  const carry = (name) =>
    page.evaluateHandle((name) => {
      const carried = new DataTransfer();
      carried.items.add(new File(["words"], name, { type: "text/plain" }));
      return carried;
    }, name);
  const clipboardData = await carry("pasted.txt");
  await messageField(page).evaluate((field, clipboardData) => {
    field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, clipboardData);
  await byRole(page, "button", "Remove pasted.txt").waitFor();
  const dataTransfer = await carry("dropped.txt");
  const pane = page.getByRole("region", { name: "Messages" });
  await pane.dispatchEvent("dragover", { dataTransfer });
  await page.getByText("Drop to attach").waitFor();
  await pane.dispatchEvent("drop", { dataTransfer });
  await byRole(page, "button", "Remove dropped.txt").waitFor();
  await byRole(page, "button", "Remove pasted.txt").click();
  await byRole(page, "button", "Remove pasted.txt").waitFor({ state: "detached" });
});

pageTest("loading the page anew keeps the chats and the open one", { accounts }, async ({ page, sim }) => {
  await sim.reply(text("Kept."), text("And more."));
  await open(page, "/");
  await ask(page, "Remember this");
  await answered(page);
  await page.waitForURL(/\?c=/);
  await open(page, page.url());
  await words(answers(page)).getByText("Kept.").waitFor();
  const list = page.getByRole("navigation", { name: "Chats" });
  const entry = list.getByRole("link", { name: "Remember this" });
  assert.equal(await entry.getAttribute("aria-current"), "page");
  await ask(page, "Go on");
  assert.equal(await answered(page), "And more.");
  assert.equal(await answers(page).count(), 2);
  await open(page, "/");
  await entry.click();
  await words(answers(page)).getByText("And more.").waitFor();
});

pageTest("the search finds what was said, in any chat", { accounts }, async ({ page, sim }) => {
  await sim.reply(text("The capital is Lisbon."), text("Zinc is a metal."));
  await open(page, "/");
  await ask(page, "Capital of Portugal");
  await answered(page);
  await page.keyboard.press("Control+Shift+O");
  await page.waitForURL((url) => url.search === "");
  await ask(page, "What is zinc");
  await answered(page);
  await page.keyboard.press("Control+K");
  await page.waitForFunction(() => document.activeElement?.id === "chat-search");
  await page.keyboard.type("lisbon");
  const list = page.getByRole("navigation", { name: "Chats" });
  await list.getByRole("mark").or(list.locator("mark")).waitFor();
  assert.equal(await list.getByRole("link").count(), 1);
  await list.getByRole("link").click();
  await words(answers(page)).getByText("The capital is Lisbon.").waitFor();
  await page.getByLabel("Search chats").fill("nowhere to be found");
  await page.getByText("Nothing found.").waitFor();
});

pageTest("a chat is renamed, deleted and brought back", { accounts }, async ({ page, sim }) => {
  await sim.reply(text("Fine."));
  await open(page, "/");
  await ask(page, "Old name");
  await answered(page);
  const list = page.getByRole("navigation", { name: "Chats" });
  const act = async (title, action) => {
    await list.getByRole("listitem").filter({ hasText: title }).hover();
    await page.getByRole("button", { name: `Actions for “${title}”` }).click();
    await byRole(page, "menuitem", action).click();
  };
  await act("Old name", "Rename");
  const box = page.getByRole("textbox", { name: "Rename" });
  await box.fill("New name");
  await box.press("Enter");
  await list.getByRole("link", { name: "New name" }).waitFor();
  await act("New name", "Delete");
  await page.getByText("Chat deleted").waitFor();
  await list.getByRole("link", { name: "New name" }).waitFor({ state: "detached" });
  await byRole(page, "button", "Undo").click();
  await list.getByRole("link", { name: "New name" }).click();
  await words(answers(page)).getByText("Fine.").waitFor();
});

pageTest(
  "a failure says what to do, and trying again works",
  { accounts: ["lonely-basic-0001"], expected: [/status of (429|50[23])/] },
  async ({ page, sim }) => {
    await sim.reply({ kind: "server_error", status: 503 });
    await open(page, "/");
    await ask(page, "Are you there?");
    const notice = page.getByRole("alert").filter({ hasText: "Request" });
    await notice.waitFor();
    await sim.reply(text("Here again."));
    await waitUntil(async () => {
      await byRole(page, "button", "Try again").click();
      await byRole(page, "button", "Send").waitFor();
      return (await answers(page).getByText("Here again.").count()) > 0;
    }, "no answer after trying again");
    assert.equal(await answers(page).count(), 1, "the failed try is gone");
  },
);

pageTest("a model that no account can serve says so", { accounts: ["plain-basic-0001"] }, async ({ page }) => {
  await open(page, "/");
  await page.getByRole("button", { name: /^Model: / }).click();
  const heavy = page.getByRole("radio", { name: /^grok-4-heavy/ });
  assert.equal(await heavy.isDisabled(), true);
  assert.match(await heavy.innerText(), /Needs a Super account/);
  await page.keyboard.press("Escape");
  await heavy.waitFor({ state: "detached" });
});

pageTest("settings of a chat are sent with it", { accounts }, async ({ page, sim }) => {
  await sim.reply(text("Arr."));
  await open(page, "/");
  await byRole(page, "button", "Chat settings").click();
  await page.getByLabel("System prompt").fill("Talk like a pirate");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Escape");
  await ask(page, "Hello");
  await answered(page);
  const [chat] = await sim.requests("chat");
  assert.match(JSON.stringify(chat.body), /Talk like a pirate/);
});

pageTest("the demo answers everyone and says that it is one", { serve: ["--demo"], signedIn: false }, async ({ page }) => {
  await open(page, "/");
  await page.getByText("Demo: a built-in simulator answers, not Grok.").waitFor();
  await ask(page, "Hi");
  await settle(page);
  assert.match(await answered(page), /I am the demo model/);
});
