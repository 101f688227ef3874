// The overview's drawing: wheel, pinch and drag for another level or window, and the lasso. The
// server draws every view; here the present drawing only follows the hand until the next one is
// there.
import { follow } from "./swaps.js";

const SETTLE = 160; // ms without a wheel event until the level is chosen
const TOO_SHORT = 6; // px of a press that stays a click
const CORNER_GAP = 5; // px between two corners of a lasso
const MOST_CORNERS = 180;

export function map(root) {
  const section = root.closest("section");
  const view = { scale: 1, x: 0, y: 0 };
  let svg, drawn, card, button, size, level, coarsest, finest, place, grid, shown, movable;
  let settling = 0;
  let hand = { x: 0, y: 0 };

  // A swap morphs the page: the elements stay, and what they say is new.
  const read = () => {
    clearTimeout(settling);
    svg = root.querySelector(".layout");
    drawn = root.querySelector(".drawn");
    card = root.querySelector(".lasso-card");
    button = section.querySelector("[data-lasso]");
    size = Number(root.dataset.cellSize);
    level = Number(root.dataset.level);
    coarsest = Number(root.dataset.coarsest);
    finest = Number(root.dataset.finest);
    place = { column: Number(root.dataset.column), row: Number(root.dataset.row) };
    grid = { columns: Number(root.dataset.columns), rows: Number(root.dataset.rows) };
    section.querySelectorAll(".needs-script").forEach((each) => (each.hidden = false));
    if (coarsest === finest) section.querySelector(".map-hint")?.remove();
    root.classList.remove("waiting", "moving");
    if (!svg) return void (button.hidden = true);
    shown = { columns: svg.viewBox.baseVal.width / size, rows: svg.viewBox.baseVal.height / size };
    // Level 0 and above show all that there is.
    movable = level > 0 && (shown.columns < grid.columns || shown.rows < grid.rows);
    root.classList.toggle("movable", movable);
    pointers.clear();
    setLasso(false);
    dropLasso();
    corner = start = null;
    rest();
  };

  // From the screen to units of the drawing, as it is drawn at rest.
  const point = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return { x: at.x, y: at.y };
  };

  const apply = () => drawn.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.scale})`);
  const rest = () => {
    Object.assign(view, { scale: 1, x: 0, y: 0 });
    drawn.removeAttribute("transform");
  };

  const zoomAt = ({ x, y }, factor) => {
    const least = level > coarsest ? 0.25 : 1;
    const most = level < finest ? 4 : 1;
    const scale = Math.min(most, Math.max(least, view.scale * factor));
    const ratio = scale / view.scale;
    view.x = x - ratio * (x - view.x);
    view.y = y - ratio * (y - view.y);
    view.scale = scale;
    apply();
  };

  // Go to the level and window that are nearest to how the drawing lies under the hand.
  const settle = () => {
    const step = Math.min(finest - level, Math.max(coarsest - level, Math.round(Math.log2(view.scale))));
    const factor = 2 ** step;
    // What lies under the hand stays there.
    zoomAt(hand, factor / view.scale);
    const middle = {
      column: place.column + (svg.viewBox.baseVal.width / 2 - view.x) / view.scale / size,
      row: place.row + (svg.viewBox.baseVal.height / 2 - view.y) / view.scale / size,
    };
    const columns = Math.min(shown.columns, grid.columns * factor);
    const rows = Math.min(shown.rows, grid.rows * factor);
    const clamp = (value, most) => Math.min(Math.max(0, Math.round(value)), most);
    const column = clamp(middle.column * factor - columns / 2, grid.columns * factor - columns);
    const row = clamp(middle.row * factor - rows / 2, grid.rows * factor - rows);
    if (step === 0 && column === place.column && row === place.row) return rest();
    const address = new URL(window.location.href);
    address.searchParams.delete("after");
    address.searchParams.delete("level");
    address.searchParams.delete("window");
    if (level + step !== 0) address.searchParams.set("level", level + step);
    if (level + step > 0) address.searchParams.set("window", [column, row, columns, rows].join(","));
    root.classList.add("waiting");
    follow(address);
  };

  // All listen on the root, since the drawing may come and go.
  const listen = (kind, act, options) => root.addEventListener(kind, (event) => svg?.contains(event.target) && act(event), options);
  listen(
    "wheel",
    (event) => {
      if (coarsest === finest || event.shiftKey) return;
      event.preventDefault();
      hand = point(event);
      zoomAt(hand, Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) * 0.006));
      clearTimeout(settling);
      settling = setTimeout(settle, SETTLE);
    },
    { passive: false },
  );

  // One pointer drags or lassoes, two pinch.
  const pointers = new Map();
  let start = null;
  let corner = null;
  let dragged = false;
  let corners = null;
  let line = null;
  let asking = 0;

  const distance = () => {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  };
  const between = () => {
    const [a, b] = [...pointers.values()];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };

  const lassoing = () => root.classList.contains("lassoing-on");
  const setLasso = (on) => {
    root.classList.toggle("lassoing-on", on);
    button?.setAttribute("aria-pressed", String(on));
  };
  const dropLasso = () => {
    clearTimeout(asking);
    line?.remove();
    line = corners = null;
    // Emptied, or its keys would still be the page's.
    card.replaceChildren();
    card.hidden = true;
  };

  const ask = async (points) => {
    const text = points.map(({ x, y }) => `${(place.column + x / size).toFixed(2)},${(place.row + y / size).toFixed(2)}`).join(";");
    const address = new URL(root.dataset.lassoUrl, document.baseURI);
    address.searchParams.set("lasso", `${root.dataset.layout && `${root.dataset.layout}:`}${level}:${text}`);
    const asked = line;
    const html = await fetch(address, { headers: { "HX-Request": "true" }, priority: "high" }).then((answer) => answer.text()).catch(() => null);
    if (line !== asked) return;
    if (html === null) card.textContent = document.getElementById("failure").dataset.lost;
    else card.innerHTML = html;
    card.hidden = false;
    card.querySelector("a, button")?.focus({ preventScroll: true });
  };

  const finishLasso = () => {
    const points = corners;
    corners = null;
    setLasso(false);
    if (points.length < 3) return dropLasso();
    const every = Math.ceil(points.length / MOST_CORNERS);
    ask(points.filter((_, index) => index % every === 0));
  };

  const draw = () => line.setAttribute("points", corners.map(({ x, y }) => `${x},${y}`).join(" "));

  listen("pointerdown", (event) => {
    if (event.button !== 0) return;
    pointers.set(event.pointerId, point(event));
    dragged = false;
    if (lassoing()) {
      svg.setPointerCapture(event.pointerId);
      event.preventDefault();
      dropLasso();
      corners = [point(event)];
      line = svg.appendChild(document.createElementNS(svg.namespaceURI, "polygon"));
      line.setAttribute("class", "lassoing");
    } else {
      if (line) dropLasso();
      start = { event, x: view.x, y: view.y, apart: pointers.size === 2 ? distance() : 0 };
    }
  });
  listen("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) return;
    const before = pointers.get(event.pointerId);
    const now = point(event);
    pointers.set(event.pointerId, now);
    if (corners) {
      const last = corners.at(-1);
      const scale = svg.getScreenCTM().a;
      if (Math.hypot(now.x - last.x, now.y - last.y) * scale < CORNER_GAP) return;
      corners.push(now);
      return draw();
    }
    if (pointers.size === 2 && coarsest < finest) {
      const apart = distance();
      hand = between();
      zoomAt(hand, apart / (start.apart || apart));
      start.apart = apart;
      dragged = true;
      return;
    }
    if (!start || !movable || pointers.size > 1) return;
    if (!dragged && Math.hypot(event.clientX - start.event.clientX, event.clientY - start.event.clientY) < TOO_SHORT) return;
    if (!dragged) svg.setPointerCapture(event.pointerId);
    dragged = true;
    root.classList.add("moving");
    view.x += now.x - before.x;
    view.y += now.y - before.y;
    apply();
  });
  const up = (event) => {
    if (!pointers.delete(event.pointerId)) return;
    if (corners) return finishLasso();
    root.classList.remove("moving");
    if (dragged && !pointers.size) settle();
    start = null;
  };
  listen("pointerup", up);
  listen("pointercancel", up);
  // The end of a drag or a lasso is no click on the cell below it.
  listen(
    "click",
    (event) => {
      if (!dragged && !line) return;
      event.preventDefault();
      event.stopPropagation();
      dragged = false;
    },
    true,
  );
  listen("dragstart", (event) => event.preventDefault());

  section.addEventListener("click", (event) => {
    if (event.target.closest("[data-lasso]")) {
      const on = !lassoing();
      dropLasso();
      setLasso(on);
    } else if (event.target.closest("[data-cancel]")) {
      dropLasso();
      button.focus();
    }
  });
  // Before the page's own keys: Escape ends a lasso that is only being drawn, too.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !root.isConnected || !svg || (!lassoing() && !line)) return;
    event.preventDefault();
    setLasso(false);
    dropLasso();
  }, true);
  // By keyboard: Shift and an arrow widen a rectangle from the focused cell.
  listen("keydown", (event) => {
    const cell = event.target.closest?.("[data-cell-id]");
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!cell || !way || !event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    const { e: x, f: y } = cell.transform.baseVal.consolidate().matrix;
    if (!corner || corner.cell !== cell) corner = { cell, right: 0, down: 0 };
    corner.right += way[0];
    corner.down += way[1];
    const left = x - size / 2 + Math.min(0, corner.right) * size;
    const top = y - size / 2 + Math.min(0, corner.down) * size;
    const right = x + size / 2 + Math.max(0, corner.right) * size;
    const bottom = y + size / 2 + Math.max(0, corner.down) * size;
    dropLasso();
    corners = [{ x: left, y: top }, { x: right, y: top }, { x: right, y: bottom }, { x: left, y: bottom }];
    line = svg.appendChild(document.createElementNS(svg.namespaceURI, "polygon"));
    line.setAttribute("class", "lassoing");
    draw();
    const points = corners;
    corners = null;
    asking = setTimeout(() => ask(points), 600);
  });

  // The next view did not come: the present one lies as it did.
  for (const failed of ["htmx:response:error", "htmx:error"]) {
    document.addEventListener(failed, () => {
      if (!root.isConnected) return;
      root.classList.remove("waiting");
      rest();
    });
  }

  read();
  return read;
}
