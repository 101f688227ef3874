// Binds small modules to the elements that ask for them by `data-module`, and again after a swap.
import { again } from "./modules/again.js";
import { ahead } from "./modules/ahead.js";
import { autosubmit } from "./modules/autosubmit.js";
import { drawing } from "./modules/drawing.js";
import { explore } from "./modules/explore.js";
import { listenForFailures } from "./modules/failures.js";
import { judging } from "./modules/judging.js";
import { listenForKeys } from "./modules/keys.js";
import { map } from "./modules/map.js";
import { listenForMenus } from "./modules/menus.js";
import { listenForSubmits } from "./modules/submits.js";
import { listenForSwaps } from "./modules/swaps.js";
import { reason } from "./modules/reason.js";
import { theme } from "./modules/theme.js";
import { viewer } from "./modules/viewer.js";
import { walk } from "./modules/walk.js";

const modules = { again, ahead, autosubmit, drawing, explore, judging, map, reason, theme, viewer, walk };
const bound = new WeakMap();

function bind(morphed) {
  for (const element of document.querySelectorAll("[data-module]")) {
    // A morph keeps the element and changes it: a module that returns a function reads it again.
    // All other swaps leave an element as it is, or put another in its place.
    if (!bound.has(element)) bound.set(element, modules[element.dataset.module]?.(element));
    else if (morphed?.contains(element)) bound.get(element)?.();
  }
}

bind();
listenForFailures();
listenForKeys();
listenForMenus();
listenForSubmits();
listenForSwaps();
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  bind(ctx.target);
  // Where one answers one after the other, the next one may lie below.
  document.querySelector("[data-in-view]")?.scrollIntoView({ block: "nearest" });
  // A swap may have taken the focused element away; keyboard and screen reader go on from here.
  if (document.activeElement === document.body) document.getElementById("main")?.focus({ preventScroll: true });
});
