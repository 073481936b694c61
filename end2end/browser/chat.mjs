// What a person does on the chat page.
import { byRole } from "./browser.mjs";

export const messageField = (page) => page.getByLabel("Your message");
export const stopButton = (page) => byRole(page, "button", "Stop (Esc)");

// The turns of one author, oldest first.
export const questions = (page) => turns(page, "You said");
export const answers = (page) => turns(page, "Answer");
const turns = (page, heading) =>
  page.getByRole("article").filter({ has: page.getByRole("heading", { name: heading, exact: true }) });

// The words of a turn, without its heading and buttons.
export const words = (turn) => turn.locator(".prose, .turn__bubble");

export async function ask(page, text) {
  await messageField(page).fill(text);
  await byRole(page, "button", "Send").click();
}

// Waits until the last answer is whole; its text.
export async function answered(page) {
  const last = answers(page).last();
  await byRole(last, "button", "Answer again").and(page.locator(":enabled")).waitFor();
  return (await words(last).innerText()).trim();
}

// Chooses the model that answers next.
export async function chooseModel(page, id) {
  await page.getByRole("button", { name: /^Model: / }).click();
  await page.getByRole("radio", { name: id }).filter({ hasText: id }).first().click();
  await page.getByRole("button", { name: `Model: ${id}`, exact: true }).waitFor();
}
