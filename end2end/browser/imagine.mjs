// What a person does on the page for pictures.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { byRole } from "./browser.mjs";

const python = process.env.GROK2API_PYTHON || "python3";

export const promptField = (page) => page.getByLabel("What to draw");
export const stopButton = (page) => byRole(page, "button", "Stop");
// Places of the gallery that are in the document, and those of finished pictures.
export const tiles = (page) => page.getByRole("list", { name: "Your pictures" }).getByRole("listitem");
export const pictures = (page) => tiles(page).locator(".tile__open:not([aria-busy])");
export const failedTiles = (page) => tiles(page).filter({ has: byRole(page, "button", "Remove") });
export const references = (page) =>
  page.getByRole("list", { name: "Pictures to start from" }).getByRole("listitem");
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

// A picture of one pixel.
const pixel = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

// Drops or pastes a file on the page, by `kind`.
export const hand = (page, kind, name, type) =>
  page.evaluate(
    ([kind, name, type, bytes]) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(bytes)], name, { type }));
      const init = { bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data };
      const event = kind === "paste" ? new ClipboardEvent(kind, init) : new DragEvent(kind, init);
      document.querySelector(".making").dispatchEvent(event);
    },
    [kind, name, type, [...pixel]],
  );

// The files of an archive that Python can read: names, and their first three bytes.
export function zipped(archive) {
  const script = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    print(json.dumps([{"name": name, "start": archive.read(name)[:3].hex()} for name in archive.namelist()]))`;
  return JSON.parse(execFileSync(python, ["-c", script, archive], { encoding: "utf8" }));
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
  execFileSync(python, ["-c", script, join(folder, "grok2api.db"), String(count)]);
}
