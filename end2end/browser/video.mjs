// What a person does on the page for videos.
import { byRole } from "./browser.mjs";

export const promptField = (page) => page.getByLabel("What to film");
export const videos = (page) => page.getByRole("list", { name: "Your videos" }).locator("> li");
export const video = (page, prompt) => videos(page).filter({ has: byRole(page, "article", prompt) });
export const dialog = (page, name) => page.getByRole("dialog", { name, exact: true });
// A reply that tells 42 percent and then waits until it is released.
export const held = { kind: "held", after_lines: 4, then: { kind: "answer" } };

export async function make(page, prompt) {
  await promptField(page).fill(prompt);
  await byRole(page, "button", "Make video").click();
  await video(page, prompt).first().waitFor();
}

// Waits until the film is there.
export const film = async (page, prompt) => {
  const player = video(page, prompt).locator("video").first();
  await player.waitFor();
  return player;
};

// Plays it and tells what the browser makes of it.
export const play = (player) =>
  player.evaluate(async (film) => {
    film.muted = true;
    await film.play();
    film.pause();
    const { readyState, duration, videoWidth } = film;
    return { readyState, duration, videoWidth };
  });
