// The overview's drawing: wheel, pinch and drag for another level or window, and the lasso. The
// server draws every view; here the present drawing only follows the hand until the next one is
// there.
import { follow } from "./swaps.js";

const SETTLE = 160; // ms without a wheel event until the level is chosen
const TOO_SHORT = 6; // px of a press that stays a click
const CORNER_GAP = 5; // px between two corners of a lasso
const MOST_CORNERS = 180;

export function map(root) {
  const svg = root.querySelector(".layout");
  if (!svg) return;
  const drawn = svg.querySelector(".drawn");
  const card = root.querySelector(".lasso-card");
  const button = root.closest("section").querySelector("[data-lasso]");
  const size = Number(root.dataset.cellSize);
  const level = Number(root.dataset.level);
  const levels = Number(root.dataset.levels);
  const place = { column: Number(root.dataset.column), row: Number(root.dataset.row) };
  const grid = { columns: Number(root.dataset.columns), rows: Number(root.dataset.rows) };
  const shown = { columns: svg.viewBox.baseVal.width / size, rows: svg.viewBox.baseVal.height / size };
  const movable = shown.columns < grid.columns || shown.rows < grid.rows;
  const view = { scale: 1, x: 0, y: 0 };

  root.closest("section").querySelectorAll(".needs-script").forEach((each) => (each.hidden = false));
  root.classList.toggle("movable", movable);
  if (levels < 2) root.closest("section").querySelector(".map-hint")?.remove();

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
    const least = level > 0 ? 0.3 : 1;
    const most = level < levels - 1 ? 3.4 : 1;
    const scale = Math.min(most, Math.max(least, view.scale * factor));
    const ratio = scale / view.scale;
    view.x = x - ratio * (x - view.x);
    view.y = y - ratio * (y - view.y);
    view.scale = scale;
    apply();
  };

  // Go to the level and window that are nearest to how the drawing lies under the hand.
  const settle = () => {
    const step = Math.min(levels - 1 - level, Math.max(-level, Math.round(Math.log2(view.scale))));
    const factor = 2 ** step;
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
    if (level + step === 0) {
      address.searchParams.delete("level");
      address.searchParams.delete("window");
    } else {
      address.searchParams.set("level", level + step);
      address.searchParams.set("window", [column, row, columns, rows].join(","));
    }
    root.classList.add("waiting");
    follow(address);
  };

  let settling = 0;
  svg.addEventListener(
    "wheel",
    (event) => {
      if (levels < 2 || event.shiftKey) return;
      event.preventDefault();
      zoomAt(point(event), Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) * 0.006));
      clearTimeout(settling);
      settling = setTimeout(settle, SETTLE);
    },
    { passive: false },
  );

  // One pointer drags or lassoes, two pinch.
  const pointers = new Map();
  let start = null;
  let dragged = false;
  let corners = null;
  let line = null;

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
    line?.remove();
    line = corners = null;
    card.hidden = true;
  };

  const ask = async (points) => {
    const text = points.map(({ x, y }) => `${(place.column + x / size).toFixed(2)},${(place.row + y / size).toFixed(2)}`).join(";");
    const address = new URL(root.dataset.lassoUrl, document.baseURI);
    address.searchParams.set("lasso", `${level}:${text}`);
    const answer = await fetch(address, { headers: { "HX-Request": "true" }, priority: "high" }).catch(() => null);
    card.innerHTML = answer ? await answer.text() : "";
    if (!answer) card.textContent = document.body.dataset.lost ?? "";
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

  svg.addEventListener("pointerdown", (event) => {
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
      start = { event, x: view.x, y: view.y, apart: pointers.size === 2 ? distance() : 0 };
    }
  });
  svg.addEventListener("pointermove", (event) => {
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
    if (pointers.size === 2 && levels > 1) {
      const apart = distance();
      zoomAt(between(), apart / (start.apart || apart));
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
  svg.addEventListener("pointerup", up);
  svg.addEventListener("pointercancel", up);
  // The end of a drag or a lasso is no click on the cell below it.
  svg.addEventListener(
    "click",
    (event) => {
      if (!dragged && !line) return;
      event.preventDefault();
      event.stopPropagation();
      dragged = false;
    },
    true,
  );
  svg.addEventListener("dragstart", (event) => event.preventDefault());

  button?.addEventListener("click", () => {
    dropLasso();
    setLasso(!lassoing());
  });
  card.addEventListener("click", (event) => {
    if (event.target.closest("[data-cancel]")) {
      dropLasso();
      button?.focus();
    }
  });
  // By keyboard: Shift and an arrow widen a rectangle from the focused cell.
  let corner = null;
  svg.addEventListener("keydown", (event) => {
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
    clearTimeout(settling);
    const points = corners;
    corners = null;
    settling = setTimeout(() => ask(points), 600);
  });
}
