// The sign-in page without WebAssembly. The browser opens and closes the menus by itself (popovers).
"use strict";
{
  const root = document.documentElement;
  const menus = () => document.querySelectorAll(".menu");
  const entries = (list) => [...list.querySelectorAll(".menu__item")];
  let waitsUntil = 0;
  let ticking;

  // Theme and language are cookies that the server reads: choose, then take over what it renders.
  async function choose(button, entry) {
    document.cookie = entry.dataset.cookie;
    button.popoverTargetElement.hidePopover();
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const name of ["lang", "data-theme"]) {
      const wanted = fresh.documentElement.getAttribute(name);
      if (wanted === null) root.removeAttribute(name);
      else root.setAttribute(name, wanted);
    }
    document.title = fresh.title;
    const typed = document.getElementById("password").value;
    const focused = document.activeElement.id;
    document.querySelector(".sign-in").replaceWith(fresh.querySelector(".sign-in"));
    document.getElementById("password").value = typed;
    takeOver();
    document.getElementById(focused)?.focus();
  }

  function takeOver() {
    for (const menu of menus()) {
      const [button, list] = menu.children;
      // Listening to the button itself says that it answers.
      button.addEventListener("keydown", (event) => {
        if (event.key !== "ArrowDown") return;
        event.preventDefault();
        if (list.matches(":popover-open")) focusChosen(list);
        else list.showPopover();
      });
      list.addEventListener("toggle", (event) => {
        if (event.newState === "open") focusChosen(list);
      });
      list.addEventListener("keydown", (event) => moveByArrow(event, list));
      list.addEventListener("focusout", ({ relatedTarget }) => {
        if (relatedTarget && !menu.contains(relatedTarget)) list.hidePopover();
      });
      for (const entry of entries(list)) entry.addEventListener("click", () => choose(button, entry));
    }
    const form = document.querySelector(".form");
    form.addEventListener("submit", () => setBusy(form, true));
    wait(form);
  }

  const focusChosen = (list) => list.querySelector("[aria-checked=true]").focus();

  function moveByArrow(event, list) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = entries(list);
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  }

  function setBusy(form, isBusy) {
    const button = form.querySelector(".button");
    button.classList.toggle("is-loading", isBusy);
    button.disabled = isBusy;
    if (isBusy) button.setAttribute("aria-busy", "true");
    else button.removeAttribute("aria-busy");
  }

  // Counts down to the next attempt that is allowed.
  function wait(form) {
    clearInterval(ticking);
    if (!form.dataset.wait) return;
    waitsUntil ||= Date.now() + 1000 * form.dataset.wait;
    const error = form.querySelector(".field__error");
    const many = error.textContent;
    const button = form.querySelector(".button");
    const tick = () => {
      const left = Math.ceil((waitsUntil - Date.now()) / 1000);
      button.disabled = left > 0;
      if (left > 1) error.textContent = many.replace(/\d+/, left);
      else error.textContent = left === 1 ? form.dataset.last : "";
      if (left > 0) return;
      clearInterval(ticking);
      form.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
    };
    ticking = setInterval(tick, 1000);
    tick();
  }

  // A page that the Back button brings again is as it was when its button was pressed.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) setBusy(document.querySelector(".form"), false);
  });
  takeOver();
}
