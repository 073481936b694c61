(() => {
  const form = () => document.querySelector("form[data-early]");
  const field = () => form()?.querySelector("textarea");
  const on = (type, act) => document.addEventListener(type, act, true);
  const ready = () => {
    const send = form().querySelector("[type=submit]");
    if (send) send.disabled = !field().value.trim();
  };
  const send = (event) => {
    event.preventDefault();
    if (field().value.trim() && !form().dataset.sent) {
      form().dataset.sent = field().value;
      form().setAttribute("aria-busy", "true");
    }
  };
  on("input", (event) => event.target === field() && ready());
  on("submit", (event) => event.target === form() && send(event));
  // The same rule as `sends` in `early.rs`.
  on("keydown", (event) => {
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || composing || event.target !== field() || !field()) return;
    const command = event.ctrlKey || event.metaKey;
    const makesLine = event.shiftKey || matchMedia("(pointer: coarse)").matches;
    if (command || !makesLine) send(event);
  });
  on("click", (event) => {
    const text = form() && event.target.closest("[data-early=fill]")?.querySelector("[data-early-text]");
    if (!text) return;
    field().value = text.textContent;
    field().focus();
    ready();
  });
})();
