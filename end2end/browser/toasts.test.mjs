// Short messages never lie on what a person presses next.
import assert from "node:assert/strict";
import { byRole, drawn, open } from "./browser.mjs";
import { answered, ask, messageField, stopButton } from "./chat.mjs";
import { pageTest, visiblePace } from "./harness.mjs";

const widths = [1280, 390];
const toast = (page, text) =>
  page.getByRole("status").locator("> *").filter({ hasText: text });

// Checks at every width that the toast with this text is seen and covers none of the buttons.
async function assertUncovered(page, text, buttons) {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 800 });
    await drawn(page);
    const top = await toast(page, text).boundingBox();
    assert.ok(top, `at ${width} the toast is not there`);
    assert.ok(top.x >= 0 && top.x + top.width <= width, `at ${width} the toast is cut off`);
    for (const button of buttons) {
      await button.scrollIntoViewIfNeeded();
      const below = await button.boundingBox();
      const isApart =
        top.x + top.width <= below.x ||
        below.x + below.width <= top.x ||
        top.y + top.height <= below.y ||
        below.y + below.height <= top.y;
      assert.ok(isApart, `at ${width} the toast covers ${button}`);
    }
  }
}

async function deleteChat(page, title) {
  const list = page.getByRole("navigation", { name: "Chats" });
  await list.getByRole("listitem").filter({ hasText: title }).hover();
  await page.getByRole("button", { name: `Actions for “${title}”` }).click();
  await byRole(page, "menuitem", "Delete").click();
}

pageTest(
  "a toast leaves Send and Stop free",
  {
    accounts: ["toasts-super-0001"],
    pace: visiblePace,
    expected: [/completions net::ERR_ABORTED/],
  },
  async ({ page, sim }) => {
    await sim.reply({ kind: "text", text: "Fine." });
    await open(page, "/");
    await ask(page, "Old chat");
    await answered(page);
    await byRole(page, "link", "New chat").or(byRole(page, "button", "New chat")).first().click();
    await ask(page, "Write at length about tides");
    await stopButton(page).waitFor();
    await deleteChat(page, "Old chat");
    await toast(page, "Chat deleted").waitFor();
    await assertUncovered(page, "Chat deleted", [stopButton(page)]);
    await stopButton(page).click();
    await messageField(page).fill("Next");
    await assertUncovered(page, "Chat deleted", [byRole(page, "button", "Send")]);
  },
);

const many = Array.from({ length: 60 }, (_, n) => `toasts-basic-${String(n).padStart(4, "0")}`);

pageTest("a toast leaves Next and Previous free", { accounts: many }, async ({ page }) => {
  await open(page, "/admin/accounts");
  await page.locator("tbody tr").first().getByRole("checkbox").check();
  await byRole(page.getByRole("toolbar"), "button", "Disable").click();
  await toast(page, "1 account disabled").waitFor();
  await assertUncovered(page, "1 account disabled", [
    byRole(page, "button", "Next page"),
    byRole(page, "button", "Previous page"),
  ]);
});
