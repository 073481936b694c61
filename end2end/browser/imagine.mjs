// What a person does on the page for pictures.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { byRole } from "./browser.mjs";

export const promptField = (page) => page.getByLabel("What to draw");
export const stopButton = (page) => byRole(page, "button", "Stop");
// Places of the gallery that are in the document, and those of finished pictures.
export const tiles = (page) => page.getByRole("list", { name: "Your pictures" }).getByRole("listitem");
export const pictures = (page) => tiles(page).locator(".tile__open:not([aria-busy])");
export const failedTiles = (page) => tiles(page).filter({ has: byRole(page, "button", "Remove") });
export const lightbox = (page) => page.getByRole("dialog", { name: "Picture", exact: true });

export async function draw(page, prompt) {
  await promptField(page).fill(prompt);
  await byRole(page, "button", "Draw").click();
}

// Switches one of the choices on.
export async function choose(page, name) {
  await page.getByRole("button", { name: /^Shape, number and quality/ }).click();
  await byRole(page, "switch", name).check({ force: true });
  await page.keyboard.press("Escape");
}

// Adds older pictures of other shapes to a gallery that has one: rows that share its file.
export function fillGallery(folder, count) {
  const script = `
import sqlite3, sys
store = sqlite3.connect(sys.argv[1], timeout=10)
names = [row[1] for row in store.execute("PRAGMA table_info(media)")]
own = {"id": "printf('many-%05d', n)", "at_ms": "at_ms - n", "width": "600 + n * 37 % 700", "height": "900"}
store.execute(f"""WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
INSERT INTO media ({", ".join(names)})
SELECT {", ".join(own.get(name, name) for name in names)}
FROM (SELECT * FROM media ORDER BY at_ms LIMIT 1), numbers""", (int(sys.argv[2]),))
store.commit()`;
  const python = process.env.GROK2API_PYTHON || "python3";
  execFileSync(python, ["-c", script, join(folder, "grok2api.db"), String(count)]);
}
