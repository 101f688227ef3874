// A list whose items, marked `data-keys`, have keys of their own: a key acts on the item with the
// focus (keys.js). Buttons step from item to item, and after a swap the focus is on the item that it
// was on or, where that is gone, on the one that took its place.
const left = new Map(); // by the list's id: where the focus was

function items(list) {
  return [...list.querySelectorAll("[data-keys]")];
}

function focus(item) {
  item.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
}

export function walk(list) {
  const at = left.get(list.id);
  left.delete(list.id);
  list.addEventListener("focusin", (event) => {
    const item = event.target.closest("[data-keys]");
    if (item) left.set(list.id, { id: item.id, index: items(list).indexOf(item) });
  });
  list.addEventListener("focusout", (event) => {
    // Nothing is focused next where a swap takes the item away: that is what is remembered.
    if (event.relatedTarget && !list.contains(event.relatedTarget)) left.delete(list.id);
  });
  for (const button of document.querySelectorAll(`[data-steps="${CSS.escape(list.id)}"]`)) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const all = items(list);
      const next = all.indexOf(document.activeElement.closest("[data-keys]")) + Number(button.dataset.step);
      if (all.length) focus(all[Math.max(0, Math.min(next, all.length - 1))]);
    });
  }
  if (!at) return;
  const all = items(list);
  const item = all.find((each) => each.id === at.id) ?? all[Math.min(at.index, all.length - 1)];
  if (item) focus(item);
}
