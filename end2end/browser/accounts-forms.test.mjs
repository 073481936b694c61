// Adding accounts in the forms in which other products and the browser's tools give them.
import assert from "node:assert/strict";
import { openDialog, row, rows } from "./accounts.mjs";
import { byRole, open } from "./browser.mjs";
import { pageTest } from "./harness.mjs";

const one = { accounts: ["keeper-basic-0001"] };

async function previewed(page, text, counts) {
  await open(page, "/admin/accounts");
  const dialog = await openDialog(page);
  await dialog.getByLabel("Cookies, one per line").fill(text);
  await dialog.getByText(counts, { exact: true }).waitFor();
  return dialog;
}

async function add(page, dialog, label, endings) {
  await byRole(dialog, "button", label).click();
  await dialog.waitFor({ state: "hidden" });
  for (const ending of endings) await row(page, ending).waitFor();
}

pageTest("a token.json is previewed and added with its tiers, tags and notes", one, async ({ page }) => {
  const text = JSON.stringify({
    ssoBasic: [
      { token: "eyJjson-0002", tags: ["shelf"], note: "of the other product" },
      "eyJjson-0003",
      { token: "keeper-basic-0001" },
    ],
    ssoSuper: [{ token: "eyJjson-super-0004" }],
  });
  const dialog = await previewed(page, text, "3 new · 1 already there · 0 not usable");
  assert.ok(!(await dialog.locator(".preview").innerText()).includes("eyJjson"), "cookies are masked");
  await add(page, dialog, "Add 3 accounts", ["0002", "0003", "0004"]);
  await row(page, "0004").getByText("Super", { exact: true }).waitFor();
  for (const kept of ["shelf", "of the other product"]) {
    await row(page, "0002").getByText(kept, { exact: true }).waitFor();
  }
});

pageTest("a CSV with a head is previewed and added, and a row without a cookie is told", one, async ({ page }) => {
  const text = "email,token,note\na@example.com,eyJtable-0002,first\nb@example.com,,nothing\nc@example.com,eyJtable-0003,third\n";
  const dialog = await previewed(page, text, "2 new · 0 already there · 1 not usable");
  await add(page, dialog, "Add 2 accounts", ["0002", "0003"]);
  assert.equal(await rows(page).count(), 3);
});

pageTest("a cURL command is previewed as the one account that its cookies hold", one, async ({ page }) => {
  const text = [
    "curl 'https://grok.com/rest/rate-limits' \\",
    "  -H 'accept: */*' \\",
    "  -b 'i18nextLng=en; sso-rw=eyJcurl-0002; sso=eyJcurl-0002; x-userid=1' \\",
    "  --data-raw '{\"modelName\":\"grok-3\"}'",
  ].join("\n");
  const dialog = await previewed(page, text, "1 new · 0 already there · 0 not usable");
  await add(page, dialog, "Add 1 account", ["0002"]);
  assert.equal(await rows(page).count(), 2);
});
