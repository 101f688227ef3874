// Elements name their key by `data-key`: a field is focused, a checkbox toggled, all else clicked.
// Of several the one in the focused item of a list counts (walk.js), else the first of the page.
// "?" opens the page's list of keys. Keys of buttons in a form that waits, or is being sent, do nothing.

function typing(target) {
  return target.closest?.("input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]");
}

// The hotkey of a tag sends the tag form of the focused item or, without one, the page's first.
function tag(target, named) {
  const form = (target.closest?.("[data-keys]") ?? document).querySelector(".tag-form");
  const field = form?.querySelector("input[name=tag]");
  if (!field || form.getAttribute("aria-busy") === "true") return;
  field.value = named.dataset.tag;
  form.requestSubmit();
}

function act(element) {
  if (element.matches("textarea, input:not([type=checkbox])")) {
    element.closest("details")?.setAttribute("open", "");
    element.focus();
    element.scrollIntoView({ block: "nearest" });
  } else {
    element.click();
  }
}

export function listenForKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || event.repeat) return;
    if (event.key === "Escape" && typing(event.target)) {
      event.target.blur();
      return;
    }
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "?") {
      document.getElementById("key-help")?.showModal();
      return;
    }
    // Many keyboards have + above =, and nobody wants to hold Shift for it.
    const name = event.key === "=" ? "+" : event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const arrows = name.startsWith("Arrow") && event.target.closest?.("input, [tabindex='0']");
    if (arrows) return;
    const named = `[data-key="${CSS.escape(name)}"]`;
    const element = event.target.closest?.("[data-keys]")?.querySelector(named) ?? document.querySelector(named);
    if (!element) {
      const named = document.querySelector(`[data-tag-key="${CSS.escape(name)}"]`);
      if (!named) return;
      event.preventDefault();
      tag(event.target, named);
      return;
    }
    event.preventDefault();
    if (!element.matches("[data-waits] button, [aria-busy=true] button")) act(element);
  });
}
