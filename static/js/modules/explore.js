// The overview: a card with a cell's numbers on hover or focus, arrow keys from cell to cell, and
// A and B to pin cells.
import { follow } from "./swaps.js";

const PATIENCE = 90;
const cards = new Map();

function cellOf(node) {
  return node?.closest?.("[data-cell-id]");
}

async function cardOf(root, id) {
  const address = new URL(root.dataset.cells, document.baseURI);
  address.pathname = address.pathname.replace(/0$/, id);
  if (!cards.has(address.href)) {
    // Somebody waits for it: it goes before the pictures that are still to come.
    const response = await fetch(address, { headers: { "HX-Request": "true" }, priority: "high" });
    if (!response.ok) return null;
    cards.set(address.href, await response.text());
  }
  return cards.get(address.href);
}

function place(card, cell) {
  const box = cell.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = card;
  const right = box.right + 8 + width < window.innerWidth;
  const left = right ? box.right + 8 : Math.max(8, box.left - width - 8);
  const top = Math.min(Math.max(8, box.top - 8), Math.max(8, window.innerHeight - height - 8));
  card.style.setProperty("left", `${left + window.scrollX}px`);
  card.style.setProperty("top", `${top + window.scrollY}px`);
}

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// The nearest cell whose way there is more along the direction than across it.
function neighbour(root, cell, [right, down]) {
  const here = cell.getBoundingClientRect();
  let best = null;
  let least = Infinity;
  for (const other of root.querySelectorAll("[data-cell-id]")) {
    const there = other.getBoundingClientRect();
    const across = there.x - here.x;
    const along = there.y - here.y;
    const forward = across * right + along * down;
    const aside = Math.abs(across * down) + Math.abs(along * right);
    const distance = forward + 2 * aside;
    if (forward > 4 && aside <= forward && distance < least) [best, least] = [other, distance];
  }
  return best;
}

export function explore(root) {
  const card = document.getElementById("hovercard");
  let wanted = null;
  let timer = 0;

  const hide = () => {
    wanted = null;
    clearTimeout(timer);
    card.hidden = true;
  };

  const show = (cell) => {
    if (cell === wanted) return;
    hide();
    wanted = cell;
    timer = setTimeout(async () => {
      const html = await cardOf(root, cell.dataset.cellId).catch(() => null);
      if (wanted !== cell || html === null) return;
      card.innerHTML = html;
      card.hidden = false;
      place(card, cell);
    }, PATIENCE);
  };

  // The card says what the drawing's own tooltip would say a second later.
  const takeTooltips = () => root.querySelectorAll("[data-cell-id] title").forEach((title) => title.remove());

  root.addEventListener("pointerover", (event) => {
    const cell = cellOf(event.target);
    if (cell && event.pointerType !== "touch") show(cell);
    else hide();
  });
  root.addEventListener("pointerleave", hide);
  root.addEventListener("focusin", (event) => {
    const cell = cellOf(event.target);
    if (cell && event.target.matches(":focus-visible")) show(cell);
    else hide();
  });
  root.addEventListener("focusout", hide);
  root.addEventListener("click", hide);
  root.addEventListener("keydown", (event) => {
    const cell = cellOf(event.target);
    if (!cell || !DIRECTIONS[event.key] || event.shiftKey || event.metaKey || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    neighbour(root, cell, DIRECTIONS[event.key])?.querySelector("a").focus();
  });

  const onSwap = () => {
    cards.clear();
    if (root.isConnected) return takeTooltips();
    document.removeEventListener("htmx:after:swap", onSwap);
    document.removeEventListener("keydown", onKey);
  };
  const onKey = (event) => {
    const key = event.key.toLowerCase();
    if ((key !== "a" && key !== "b") || event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select") || document.querySelector("dialog[open]")) return;
    const cell = wanted ?? cellOf(document.activeElement) ?? root.querySelector("[data-cell-id]:has([aria-current])");
    if (!cell) return;
    const address = new URL(window.location.href);
    address.searchParams.set(key, cell.dataset.cellId);
    address.searchParams.delete("after");
    follow(address);
  };
  takeTooltips();
  document.addEventListener("htmx:after:swap", onSwap);
  document.addEventListener("keydown", onKey);
}
