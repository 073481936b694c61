// A quick hand inside the page: it presses what a person presses, without waiting for the pointer.
// Installed as `window.hand`; every action says what it did, or "no" when it was not on offer.

export function installHand() {
  const patience = 8_000;
  const until = async (isSo, what) => {
    const end = performance.now() + patience;
    for (;;) {
      const found = isSo();
      if (found) return found;
      if (performance.now() > end) throw new Error(`waited in vain: ${what}; ${JSON.stringify(state())}`);
      await new Promise((done) => setTimeout(done, 4));
    }
  };
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const openId = () => new URLSearchParams(location.search).get("c") ?? "";
  const entry = (id) => one(`.chat__side a.entry__link[href="/?c=${id}"]`);
  const isBusy = () => one(".composer__send--stop") !== null;
  const canSend = () => one(".composer__send[type=submit]:enabled");
  const write = (field, words) => {
    field.value = words;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const press = (element, key) =>
    element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  const shown = () => all(".turn--user .turn__bubble").map((bubble) => bubble.textContent);
  // A menu closes when the other tab changes what it is about: then it is opened again.
  const menu = (id, item) =>
    until(() => {
      const row = entry(id)?.closest(".entry");
      if (!row) return "no";
      const opener = one("button[aria-haspopup]", row);
      if (opener?.getAttribute("aria-expanded") !== "true") opener?.click();
      const choice = all("[role=menuitem]", row).find((one) => one.textContent.trim() === item);
      choice?.click();
      return choice && "chosen";
    }, item);
  const state = () => ({
    open: openId(),
    isBusy: isBusy(),
    shown: shown(),
    list: all(".chat__side a.entry__link").map((link) => [link.getAttribute("href").slice(4), link.textContent.trim()]),
  });
  const begin = async (words, send) => {
    const before = openId();
    send();
    await until(() => shown().includes(words) || (before !== "" && openId() !== before), `the question ${words}`);
    const id = await until(() => openId() || before, "the address of a new chat");
    return { id, words };
  };

  const hand = {
    // Waits until the tab receives nothing any more.
    rest: () => until(() => !isBusy() && !one(".entry__dot"), "the end of the answers"),
    async fresh() {
      one("a.side__new").click();
      await until(() => openId() === "" && shown().length === 0, "a new chat");
      return "fresh";
    },
    // Pressed again when a chat that was deleted just then has led elsewhere.
    async visit(id) {
      const isOpen = () => entry(id)?.getAttribute("aria-current") === "page";
      let pressed = -Infinity;
      await until(() => {
        if (isOpen() || !entry(id)) return true;
        if (openId() !== id && performance.now() - pressed > 500) {
          pressed = performance.now();
          entry(id).click();
        }
        return false;
      }, `the chat ${id}`);
      return isOpen() ? "visited" : "no";
    },
    async send(words, ending) {
      // What shows a chat comes after the page, and a new address before its chat.
      await until(() => (openId() === "") === (shown().length === 0), "the chat of the address");
      if (isBusy()) return "no";
      const field = one("#chat-input");
      // Written again when the undo of a deletion has led elsewhere just then.
      await until(() => {
        if (field.value !== words) write(field, words);
        return canSend() || isBusy();
      }, "Send");
      if (isBusy()) return write(field, ""), "no";
      const root = openId() === "";
      const done = await begin(words, () => press(field, "Enter"));
      if (ending === "stop") press(document.body, "Escape");
      if (ending === "wait") await until(() => !isBusy(), "the end of the answer");
      return { ...done, root };
    },
    async edit(words) {
      if (isBusy()) return "no";
      const last = all(".turn--user").at(-1);
      const pencil = last && one(".turn__actions > button:last-of-type", last);
      if (!pencil) return "no";
      const root = all(".turn--user").length === 1;
      pencil.click();
      // The question goes when its chat was deleted in the other tab just before.
      const box = await until(() => one("#chat-edit") ?? !last.isConnected, "the edit box");
      if (box === true) return "no";
      // The other tab has asked in this chat meanwhile.
      if (isBusy()) return press(box, "Escape"), "no";
      write(box, words);
      const done = await begin(words, () => press(box, "Enter"));
      await until(() => !isBusy(), "the end of the answer");
      return { ...done, root };
    },
    async again() {
      const button = all(".turn--assistant").at(-1)?.querySelector("[aria-label='Answer again']:enabled");
      if (!button || isBusy()) return "no";
      button.click();
      await until(() => !isBusy(), "the end of the answer");
      return "again";
    },
    async version() {
      const button = one("[aria-label='Previous version']:enabled");
      if (!button || isBusy()) return "no";
      button.click();
      return "version";
    },
    async rename(id, title) {
      if ((await menu(id, "Rename")) === "no") return "no";
      const field = await until(() => one("#chat-rename") ?? !entry(id), "the field");
      if (field === true) return "no";
      write(field, title);
      press(field, "Enter");
      await until(() => entry(id)?.textContent.trim() === title, "the new name");
      return "renamed";
    },
    async remove(id) {
      if ((await menu(id, "Delete")) === "no") return "no";
      await until(() => !entry(id), "the entry goes");
      return "removed";
    },
    // Takes back what this tab deleted last.
    async undo(id) {
      const toast = all(".toast").filter((one) => one.textContent.includes("Chat deleted")).at(-1);
      if (!toast) return "no";
      all("button", toast).find((one) => one.textContent.includes("Undo")).click();
      await until(() => entry(id), "the entry comes back");
      return "undone";
    },
    look: state,
  };
  window.hand = hand;
}
