// A request that fails changes nothing on the page, keeps what was typed, and says what happened,
// beside the form where there is one. The page brings the words along, in the reader's language.
function known(name) {
  return document.getElementById("failure")?.dataset[name] ?? "";
}

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

// What a request that a module sends itself was answered, or that it was lost.
export function refuse(form, html, status) {
  say(form, html === undefined ? known("lost") : (wordsOf(html) ?? known("error").replace("{status}", status)));
}

export function listenForFailures() {
  document.addEventListener("htmx:before:request", unsay);
  document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
    say(ctx.sourceElement, wordsOf(ctx.text) ?? known("error").replace("{status}", ctx.response.status));
  });
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
    if (ctx) say(ctx.sourceElement, known("lost"));
  });
  document.getElementById("failure")?.addEventListener("click", unsay);
}
