// A form is sent once: until its answer is there, a second click or key sends nothing. Ctrl+Enter
// (⌘+Enter) in a field of several lines sends its form; where it has several buttons, it goes to
// the first of them, for the person to choose.
function release(form) {
  form?.removeAttribute?.("aria-busy");
}

function sendOnce(event) {
  const form = event.target;
  if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    event.stopImmediatePropagation();
  } else if (form.method === "post") {
    form.setAttribute("aria-busy", "true");
  }
}

function sendByKey(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
  if (!event.target.matches?.("textarea") || !event.target.form) return;
  event.preventDefault();
  const [first, ...others] = event.target.form.querySelectorAll("button[type=submit]");
  if (others.length) first.focus();
  else event.target.form.requestSubmit(first);
}

export function listenForSubmits() {
  // Before htmx, which keeps a second submit until the first is answered and sends it then.
  document.addEventListener("submit", sendOnce, true);
  document.addEventListener("keydown", sendByKey);
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => release(ctx.sourceElement));
  // A page that comes back from the browser's memory is as it was when it was left.
  window.addEventListener("pageshow", () => document.querySelectorAll("form[aria-busy]").forEach(release));
}
