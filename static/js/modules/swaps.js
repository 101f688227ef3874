// Links and GET forms marked `data-swap` replace a part of the page instead of loading it anew, so
// that one keeps one's place. The answer is the whole page; only the part is taken from it. The
// attribute's value is the part's selector; empty means the main content, which is morphed.

import { later, secondsUntil } from "./again.js";

let latest = null;

function swap(url, selector, tries = 0) {
  const target = selector || "#main";
  const anchor = url.hash;
  latest = { url, selector, tries };
  htmx.ajax("GET", url.pathname + url.search, {
    source: "#main",
    target,
    select: target,
    swap: target === "#main" ? "outerMorph" : "outerHTML",
    push: url.pathname + url.search + anchor,
  });
}

export function follow(url) {
  const there = new URL(url, document.baseURI);
  if (window.htmx) swap(there, "");
  else window.location.assign(there);
}

export function listenForSwaps() {
  document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
    const asked = latest;
    if (!asked || ctx.sourceElement?.id !== "main") return;
    later(secondsUntil(ctx.response), asked.tries, () => {
      // Unless something else was asked for meanwhile.
      if (latest === asked) swap(asked.url, asked.selector, asked.tries + 1);
    });
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-swap]");
    if (!link || !window.htmx || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    link.closest("details")?.removeAttribute("open");
    swap(new URL(link.getAttribute("href"), document.baseURI), link.dataset.swap);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-swap]") || form.method !== "get" || !window.htmx) return;
    event.preventDefault();
    const url = new URL(form.action);
    // Of a range's two fields an empty one keeps its place; a name with nothing in it is left out.
    const fields = [...new FormData(form)];
    const filled = new Set(fields.filter(([, value]) => value !== "").map(([name]) => name));
    url.search = new URLSearchParams(fields.filter(([name]) => filled.has(name)));
    form.closest("details")?.removeAttribute("open");
    swap(url, form.dataset.swap);
  });
}
