// What the tests of the accounts page share.
import { byRole } from "./browser.mjs";

export const rows = (page) => page.getByRole("region", { name: "Accounts", exact: true }).locator("tbody tr");
export const row = (page, ending) => rows(page).filter({ hasText: `…${ending}` });

export async function openDialog(page) {
  await byRole(page, "button", "Add accounts").first().click();
  const dialog = page.getByRole("dialog", { name: "Add accounts" });
  await dialog.waitFor();
  return dialog;
}

export async function tick(page, ending) {
  await row(page, ending).getByRole("checkbox").check();
}

export const bulk = (page, name) =>
  byRole(byRole(page, "toolbar", "Actions for the selected accounts"), "button", name);

// The drawer of an account.
export async function openDetail(page, ending) {
  await byRole(page, "button", `Details of …${ending}`).click();
  const drawer = page.getByRole("dialog", { name: "Account", exact: true });
  await byRole(drawer, "heading", "Quota").waitFor();
  return drawer;
}

export async function choose(page, menu, entry) {
  await byRole(page, "button", menu).click();
  await byRole(page, "menuitem", entry).click();
}
