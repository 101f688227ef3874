// A request that fails changes nothing on the page, keeps what was typed, and says what happened,
// beside the form where there is one.
const LOST = "The workbench could not be reached, so nothing was saved. What you typed is still here; try again when the connection is back.";

function wordsOf(html) {
  const page = new DOMParser().parseFromString(html ?? "", "text/html");
  return page.querySelector("[data-message]")?.textContent.trim();
}

function say(source, words) {
  const form = source?.closest?.("form");
  const place = form?.querySelector("[data-refusal]") ?? document.getElementById("failure");
  place.textContent = words;
  place.hidden = false;
}

function unsay() {
  for (const place of document.querySelectorAll("[data-refusal], #failure")) place.hidden = true;
}

export function listenForFailures() {
  document.addEventListener("htmx:before:request", unsay);
  document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
    say(ctx.sourceElement, wordsOf(ctx.text) ?? `The workbench answered with an error (${ctx.response.status}). Nothing was saved.`);
  });
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
    if (ctx) say(ctx.sourceElement, LOST);
  });
  document.getElementById("failure")?.addEventListener("click", unsay);
}
