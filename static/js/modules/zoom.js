// Zoom and pan of the large picture: wheel, pinch, drag, buttons and keys. Everything that lies on the
// picture is in one sheet, which grows; so it stays in its place. Nothing moves by itself.
const STEP = 1.5; // of a button or key
const SHIFT = 0.15; // of the stage, by an arrow
const LEAST = 8; // how far every picture can be zoomed
const POINTS = 4; // and how large a pixel of the original can become
const TOO_SHORT = 5; // px of a press that stays a click
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

// `longest` is the longer side of the picture in its own pixels; `changed` is told how it lies: the
// zoom, and the stage's upper left corner and side in shares of the sheet.
export function zoomable(stage, sheet, buttons, longest, changed) {
  const view = { zoom: 1, x: 0, y: 0 };
  const pointers = new Map();
  let dragged = false;

  const most = () => Math.max(LEAST, (POINTS * longest) / stage.clientWidth);
  const apply = () => {
    const { zoom, x, y } = view;
    const style = { width: zoom, height: zoom, left: x, top: y };
    for (const [name, share] of Object.entries(style)) sheet.style.setProperty(name, `${100 * share}%`);
    stage.classList.toggle("zoomed", zoom > 1);
    buttons.less.disabled = buttons.all.disabled = zoom <= 1;
    buttons.more.disabled = zoom >= most() * 0.999;
    changed({ zoom, left: -x / zoom, top: -y / zoom, side: 1 / zoom });
  };
  const within = (offset) => Math.min(0, Math.max(1 - view.zoom, offset));
  const move = (x, y) => {
    view.x = within(x);
    view.y = within(y);
    apply();
  };
  // What is at `at`, in shares of the stage, stays there.
  const zoomTo = (wanted, at = { x: 0.5, y: 0.5 }) => {
    const zoom = Math.min(most(), Math.max(1, wanted));
    const ratio = zoom / view.zoom;
    view.zoom = zoom;
    move(at.x - ratio * (at.x - view.x), at.y - ratio * (at.y - view.y));
  };
  const point = ({ clientX, clientY }) => {
    const box = stage.getBoundingClientRect();
    return { x: (clientX - box.left) / box.width, y: (clientY - box.top) / box.height };
  };

  stage.addEventListener(
    "wheel",
    (event) => {
      // Zoomed out as far as it goes, the wheel is the page's again.
      if (event.shiftKey || (event.deltaY >= 0 && view.zoom <= 1 && !event.ctrlKey)) return;
      event.preventDefault();
      zoomTo(view.zoom * Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) * 0.006), point(event));
    },
    { passive: false },
  );

  const spread = () => {
    const [a, b] = [...pointers.values()];
    return { apart: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (!pointers.size) dragged = false;
    pointers.set(event.pointerId, { ...point(event), from: { x: event.clientX, y: event.clientY } });
  });
  stage.addEventListener("pointermove", (event) => {
    const last = pointers.get(event.pointerId);
    if (!last) return;
    const now = { ...point(event), from: last.from };
    const far = Math.hypot(event.clientX - last.from.x, event.clientY - last.from.y) >= TOO_SHORT;
    if (!dragged && !far && pointers.size < 2) return;
    const before = pointers.size === 2 ? spread() : null;
    pointers.set(event.pointerId, now);
    if (before) {
      const after = spread();
      dragged = true;
      zoomTo((view.zoom * after.apart) / (before.apart || after.apart), before);
      move(view.x + after.x - before.x, view.y + after.y - before.y);
    } else if (view.zoom > 1 && pointers.size === 1 && !stage.classList.contains("drawing")) {
      if (!dragged) stage.setPointerCapture(event.pointerId);
      dragged = true;
      move(view.x + now.x - last.x, view.y + now.y - last.y);
    }
  });
  for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, (event) => pointers.delete(event.pointerId));
  stage.addEventListener("dragstart", (event) => event.preventDefault());
  // The end of a drag is no click on the outline below it.
  stage.addEventListener("click", (event) => dragged && event.stopPropagation(), true);

  stage.tabIndex = 0;
  stage.addEventListener("keydown", (event) => {
    const way = ARROWS[event.key];
    if (!way || view.zoom <= 1 || event.metaKey || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    move(view.x + way[0] * SHIFT, view.y + way[1] * SHIFT);
  });
  buttons.more.addEventListener("click", () => zoomTo(view.zoom * STEP));
  buttons.less.addEventListener("click", () => zoomTo(view.zoom / STEP));
  buttons.all.addEventListener("click", () => zoomTo(1));
  // Its pixels are of another size in another window.
  new ResizeObserver(() => stage.isConnected && zoomTo(view.zoom)).observe(stage);
  return apply;
}
