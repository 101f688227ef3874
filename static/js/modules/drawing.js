// Drawing a region on the large picture. Tools are chosen by buttons and keys; mouse, pen and one finger
// draw, two fingers zoom. What is drawn waits in a form for its tag, and is sent in pixels of the picture.
import { boundsOf, circle, cornersOf, lineOf, simplified, Sketch } from "./sketch.js";
import { Superpixels } from "./superpixels.js";

const OUTLINES = ["box", "polygon", "lasso"];
const NEAR = 8; // points of the screen within which a polygon is closed, and a press stays a click
const APART = 1; // points of the screen between two points of a stroke
const TOLERANCE = 0.3; // of a simplified stroke, in points of the screen
const STEP = 1.25; // of the brush by a key
const LARGEST = 0.25; // radius of the brush, as a share of the picture's longer side
const MOST = 0.5; // of a pixel group, from which on a stroke takes all of it

// A step as the server reads it.
function sent({ tool, erase, points, radius, cells, groups }) {
  return { tool, erase, points: points?.flat().map((each) => Math.round(100 * each) / 100), radius, cells, groups };
}

export function drawing(root) {
  const viewer = root.closest("#viewer");
  const page = root.closest("main") ?? root;
  const part = (name) => viewer.querySelector(`[data-part="${name}"]`);
  const stage = part("stage");
  const form = part("region-form");
  let sketch;
  let size;
  let drawnOn = "";
  let steps = [];
  let tool = "";
  let stroke = null; // what the hand is drawing
  let shown = 0; // how many of its points are painted
  let hand = null; // id of the pointer that draws
  const pressed = new Set();
  let pointed = null;
  let frame = 0;
  let superpixels = null;
  let cursor = null;

  const reset = () => {
    drawnOn = form.action;
    const { width, height } = part("tiles").dataset;
    size = { width: Number(width), height: Number(height) };
    const groups = new Map();
    for (const outline of viewer.querySelectorAll(".outline[data-snaps]")) {
      groups.set(Number(outline.dataset.groupId), new Path2D(outline.getAttribute("d")));
    }
    sketch = new Sketch(stage, part("sheet"), part("drawn"), part("aim"), size, groups);
    steps = [];
    superpixels = null;
    choose("");
  };

  const say = (words) => (part("drawing-said").textContent = words);
  const words = (name, values = {}) => root.dataset[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const erasing = () => part("erase").checked;
  const radius = () => Math.min((Number(part("brush-size").value) / 2) * sketch.fineness, LARGEST * Math.max(size.width, size.height));

  const changed = () => {
    form.elements.shape.value = JSON.stringify({ ...size, steps: steps.map(sent) });
    form.hidden = !steps.length;
    part("options").hidden = !tool && !steps.length;
    for (const name of ["undo-stroke", "clear-drawing"]) part(name).disabled = !steps.length;
  };
  const repaint = () => {
    sketch.measure();
    sketch.paint(steps);
    aim();
  };
  const push = (step) => {
    steps.push(step);
    sketch.add(step);
    changed();
  };

  // Frames: the hand's points are gathered, and painted once a frame.
  const later = () => (frame ||= requestAnimationFrame(paint));
  const paint = () => {
    frame = 0;
    if (stroke?.tool === "brush" && stroke.points.length > shown) {
      sketch.lengthen(stroke, shown);
      shown = stroke.points.length;
    }
    aim();
  };
  const aim = () => {
    if (tool === "superpixels" && superpixels && cursor !== null) return aimAtSuperpixel();
    if (stroke && OUTLINES.includes(stroke.tool)) {
      const corners = stroke.tool === "box" ? cornersOf(stroke.points) : [...stroke.points, ...(stroke.tool === "polygon" && pointed ? [pointed] : [])];
      return sketch.aim(boundsOf(corners), () => lineOf(corners, stroke.tool === "box"));
    }
    if (tool === "brush" && pointed) return sketch.aim(boundsOf([pointed], radius()), () => circle(pointed, radius()));
    return sketch.aim(null);
  };
  const aimAtSuperpixel = () => {
    const { left, top, side } = sketch.square;
    const scale = side / superpixels.size;
    const edge = new Path2D();
    edge.addPath(superpixels.edge(cursor), new DOMMatrix([scale, 0, 0, scale, left, top]));
    sketch.aim([left, top, left + side, top + side], () => edge);
  };

  const choose = (wanted) => {
    give(false);
    tool = wanted;
    say("");
    sync();
    if (tool === "superpixels") loadSuperpixels();
  };
  const sync = () => {
    const on = Boolean(tool);
    stage.classList.toggle("drawing", on);
    for (const button of root.querySelectorAll("[data-tool]")) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    part("brush-field").hidden = tool !== "brush";
    // A key does nothing to what is not there to be seen.
    for (const name of ["erase", "snap"]) if (part(name)) part(name).disabled = !on;
    for (const name of ["brush-smaller", "brush-larger"]) part(name).disabled = tool !== "brush";
    part("superpixels").hidden = tool !== "superpixels";
    part("drawing-hint").textContent = on ? root.dataset[`${tool}Hint`] : "";
    repaint();
    changed();
  };

  const loadSuperpixels = async () => {
    const of = sketch;
    try {
      superpixels ??= await Superpixels.load(part("superpixels").dataset.map);
    } catch {
      return say(root.dataset.lost);
    }
    if (of !== sketch || tool !== "superpixels") return;
    moveTo(cursor !== null && cursor < superpixels.count ? cursor : superpixels.middle);
    part("superpixels").focus({ preventScroll: true });
  };
  const isChosen = (label) => {
    const last = steps.findLast((step) => step.label === label);
    return Boolean(last && !last.erase);
  };
  const chosen = () => new Set(steps.filter((step) => step.tool === "superpixels" && isChosen(step.label)).map((step) => step.label)).size;
  const moveTo = (label) => {
    cursor = label;
    const [column, row] = superpixels.part(label);
    const where = root.dataset.parts.split(",")[3 * row + column];
    say(words(isChosen(label) ? "chosenWords" : "superpixelWords", { number: label + 1, count: superpixels.count, where, chosen: chosen() }));
    later();
  };
  const take = (label, erase) => {
    const picture = superpixels.picture(label, getComputedStyle(part("drawn")).color);
    push({ tool: "superpixels", erase, label, cells: superpixels.runs(label), picture });
    moveTo(label);
  };
  const superpixelAt = ([x, y]) => {
    const { left, top, side } = sketch.square;
    return superpixels?.at((x - left) / side, (y - top) / side) ?? null;
  };

  // Ends what the hand is drawing; `keep` says whether it stays.
  const give = (keep) => {
    const done = stroke;
    stroke = null;
    hand = null;
    if (!done) return;
    if (keep && isSomething(done)) {
      const points = done.tool === "box" ? done.points : simplified(done.points, TOLERANCE * sketch.fineness);
      const step = { ...done, points };
      steps.push(step);
      if (part("snap")?.checked) snapTo(step);
    }
    sketch.paint(steps);
    changed();
    later();
  };
  const isSomething = ({ tool: of, points }) => {
    if (of === "brush") return true;
    const [left, top, right, bottom] = boundsOf(points);
    return right > left && bottom > top && (of === "box" || points.length > 2);
  };
  const snapTo = (step) => {
    const groups = [...sketch.covered(step)].filter(([, share]) => share > MOST).map(([id]) => id);
    if (groups.length) steps.push({ tool: "groups", erase: step.erase, groups });
  };
  // A click on a pixel group takes its shape.
  const takeGroup = (at) => {
    const group = part("snap")?.checked ? sketch.groupAt(at) : null;
    if (group === null) return false;
    push({ tool: "groups", erase: erasing(), groups: [group] });
    return true;
  };

  const isClick = (event) => Math.hypot(event.clientX - stroke.from.x, event.clientY - stroke.from.y) < NEAR / 2;
  const down = (event) => {
    pressed.add(event.pointerId);
    if (!tool || event.button !== 0) return;
    if (pressed.size > 1) {
      // Two fingers zoom: what the first has begun was not meant.
      if (stroke?.tool !== "polygon") give(false);
      hand = null;
      return;
    }
    event.preventDefault();
    sketch.measure();
    sketch.paint(steps);
    const at = sketch.at(event);
    pointed = at;
    hand = event.pointerId;
    part("aim").setPointerCapture(event.pointerId);
    const from = { x: event.clientX, y: event.clientY };
    if (tool === "superpixels") {
      const label = superpixelAt(at);
      if (label !== null) take(label, isChosen(label));
    } else if (tool === "polygon") {
      stroke ??= { tool, erase: erasing(), points: [] };
      stroke.from = from;
    } else {
      stroke = { tool, erase: erasing(), points: tool === "box" ? [at, at] : [at], from };
      if (tool === "brush") stroke.radius = radius();
      shown = 0;
    }
    later();
  };
  const move = (event) => {
    if (!tool) return;
    pointed = sketch.at(event);
    later();
    if (event.pointerId !== hand) return;
    if (tool === "superpixels") {
      const label = superpixelAt(pointed);
      if (label !== null && label !== cursor) take(label, steps.at(-1)?.erase === true);
    } else if (tool === "box") {
      stroke.points[1] = pointed;
    } else if (tool !== "polygon") {
      const apart = APART * sketch.fineness;
      for (const each of event.getCoalescedEvents?.() ?? [event]) {
        const at = sketch.at(each);
        const [x, y] = stroke.points.at(-1);
        if (Math.hypot(at[0] - x, at[1] - y) >= apart) stroke.points.push(at);
      }
    }
  };
  const up = (event) => {
    pressed.delete(event.pointerId);
    if (event.pointerId !== hand) return;
    hand = null;
    if (!stroke) return;
    if (tool === "polygon") {
      const at = sketch.at(event);
      if (!stroke.points.length && takeGroup(at)) stroke = null;
      else if (stroke.points.length > 2 && near(stroke.points[0], at)) give(true);
      else if (!stroke.points.length || !near(stroke.points.at(-1), at, 1)) stroke.points.push(at);
      else if (stroke.points.length > 2) give(true);
      later();
    } else {
      give(!(isClick(event) && takeGroup(sketch.at(event))));
    }
  };
  const near = ([x0, y0], [x1, y1], within = NEAR) => Math.hypot(x1 - x0, y1 - y0) <= within * sketch.fineness;

  const undo = () => {
    if (stroke?.tool === "polygon" && stroke.points.length > 1) stroke.points.pop();
    else if (stroke) give(false);
    else steps.pop();
    sketch.paint(steps);
    changed();
    later();
  };
  const nameIt = () => {
    if (stroke?.tool === "polygon" && stroke.points.length > 2) give(true);
    if (steps.length) form.elements.tag.focus();
  };
  const resize = (factor) => {
    const slider = part("brush-size");
    slider.value = Number(slider.value) * factor + Math.sign(factor - 1);
    later();
  };

  const canvas = part("aim");
  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerleave", () => {
    if (hand === null) pointed = null;
    if (tool) later();
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, end === "pointerup" ? up : (event) => {
    pressed.delete(event.pointerId);
    if (event.pointerId === hand) give(false);
  });
  stage.addEventListener("picturemoved", () => (tool || steps.length) && repaint());
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-tool]");
    if (button) choose(button.dataset.tool === tool ? "" : button.dataset.tool);
  });
  part("brush-size").addEventListener("input", later);
  part("undo-stroke").addEventListener("click", undo);
  part("clear-drawing").addEventListener("click", () => {
    give(false);
    steps = [];
    repaint();
    changed();
  });
  part("brush-smaller").addEventListener("click", () => resize(1 / STEP));
  part("brush-larger").addEventListener("click", () => resize(STEP));
  part("superpixels").addEventListener("keydown", (event) => {
    if (!superpixels || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow")) {
      const next = superpixels.next(cursor, event.key);
      if (next === null) say(root.dataset.edge);
      else if (event.shiftKey && !isChosen(next)) take(next, false);
      else moveTo(next);
    } else if (event.key === " ") take(cursor, isChosen(cursor));
    else return;
    event.preventDefault();
  });
  const keys = (event) => {
    if (!root.isConnected || !(tool || steps.length) || event.target.closest?.("input:not([type=checkbox], [type=range]), textarea, select")) return;
    const undoes = event.key === "Backspace" || ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z");
    if (undoes && (steps.length || stroke)) undo();
    else if (event.key === "Escape" && stroke) give(false);
    else if (event.key === "Escape" && tool) choose("");
    else if (event.key === "Enter" && !event.target.closest?.("button, a, summary, .group") && (steps.length || stroke)) nameIt();
    else return;
    event.preventDefault();
  };
  page.ownerDocument.addEventListener("keydown", keys);
  reset();
  // A swap elsewhere on the page leaves what is being drawn; another image begins anew.
  return () => (form.action === drawnOn ? sync() : reset());
}
