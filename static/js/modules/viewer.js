// The large image. Its heatmap comes as grey levels (heatmap.js reads and paints them); opacity and
// threshold act at once and are kept from image to image. Pixel groups light up together with their
// line in the list.
import { chooseDimensions } from "./dimension.js";
import { Heatmap } from "./heatmap.js";
import { Tiles } from "./tiles.js";
import { zoomable } from "./zoom.js";

const KEPT = "viewer";
const SWITCHES = ["show-heat", "show-outlines"];
const SLIDERS = ["opacity", "threshold"];
const LARGE_PIXEL = 3; // points of the screen from which a pixel is shown as a square
const LARGEST_LABEL = 1.3;
const AGAIN = 2000; // ms after which a busy server is asked for the picture again
const TRIES = 4;

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

function keep(settings) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(settings));
  } catch {
    // Storage may be forbidden: the settings then last as long as the page.
  }
}

export function viewer(root) {
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  if (!part("legend")) {
    return withoutHeatmap(root, part);
  }
  const map = new Heatmap(part("heat"));
  const rezoom = zoomedPicture(part);
  const words = root.dataset;
  let large = false;
  let frame = 0;

  const draw = () => {
    frame = 0;
    const opacity = Number(part("opacity").value) / 100;
    const threshold = Number(part("threshold").value) / 100;
    part("opacity-words").textContent = `${part("opacity").value}%`;
    part("threshold-words").textContent = threshold > 0 ? words.logits.replace("{value}", map.size(threshold * map.scale)) : words.nothing;
    part("heat").hidden = !part("show-heat").checked;
    part("outlines").classList.toggle("off", !part("show-outlines").checked);
    placeOnSquare(part("heat"));
    const { left, width } = part("legend").dataset;
    part("cut").setAttribute("width", width * threshold);
    part("cut").setAttribute("x", Number(left) + (width * (1 - threshold)) / 2);
    map.paint(opacity, threshold);
  };
  const redraw = () => (frame ||= requestAnimationFrame(draw));
  const changed = () => {
    const settings = { large };
    for (const name of SLIDERS) settings[name] = part(name).value;
    for (const name of SWITCHES) settings[name] = part(name).checked;
    keep(settings);
    redraw();
  };
  const enlarge = (on) => {
    large = on;
    root.parentElement.classList.toggle("large", on);
    part("enlarge").setAttribute("aria-pressed", String(on));
  };

  const restore = () => {
    const settings = kept();
    for (const name of SLIDERS) if (name in settings) part(name).value = settings[name];
    for (const name of SWITCHES) if (name in settings) part(name).checked = settings[name];
    enlarge(settings.large === true);
    root.querySelectorAll(".needs-script").forEach((control) => (control.hidden = false));
    rezoom();
    draw();
  };
  restore();

  for (const name of SLIDERS) part(name).addEventListener("input", changed);
  for (const name of SWITCHES) part(name).addEventListener("change", changed);
  part("enlarge").addEventListener("click", () => {
    enlarge(!large);
    changed();
    root.scrollIntoView({ block: "start" });
  });
  tellValues(part, map, words);
  askAgain(part("picture"), () => (part("not-loaded").hidden = false));

  const page = root.closest("main") ?? root;
  const lost = () => (part("here").value = words.lost);
  chooseDimensions(page, part("dimension"), (dimension) => map.load(dimension).then(draw, lost));
  lightTogether(page);
  // What came from the server has the settings that a page starts with.
  return restore;
}

// A version with scores alone has no heatmap: its picture is zoomed, and that is all.
function withoutHeatmap(root, part) {
  const rezoom = zoomedPicture(part);
  const show = () => {
    root.querySelectorAll(".needs-script").forEach((control) => (control.hidden = false));
    rezoom();
  };
  show();
  askAgain(part("picture"), () => (part("not-loaded").hidden = false));
  return show;
}

// The frame is the stage's upper left corner and side, in sides of the analysed square.
function placeOnSquare(element) {
  const [x, y, side] = element.dataset.frame.split(" ").map(Number);
  const place = { left: -x / side, top: -y / side, width: 1 / side, height: 1 / side };
  for (const [name, share] of Object.entries(place)) element.style.setProperty(name, `${100 * share}%`);
}

function zoomedPicture(part) {
  const stage = part("stage");
  const sheet = part("sheet");
  const tiles = new Tiles(part("tiles"));
  const { width, height } = part("tiles").dataset;
  const pixels = Math.max(Number(width), Number(height));
  const frame = Number(part("heat").dataset.frame.split(" ")[2]);
  const buttons = { more: part("zoom-more"), less: part("zoom-less"), all: part("zoom-all") };
  return zoomable(stage, sheet, buttons, pixels, ({ zoom, ...seen }) => {
    const points = stage.clientWidth * zoom;
    const words = part("zoom-words");
    words.textContent = words.dataset.words.replace("{share}", `${Math.round((100 * points) / pixels)}%`);
    stage.classList.toggle("pixels", points >= LARGE_PIXEL * pixels);
    sheet.style.setProperty("--label", Math.min(LARGEST_LABEL, frame) / zoom);
    tiles.show(seen, points * window.devicePixelRatio);
    stage.dispatchEvent(new CustomEvent("picturemoved"));
  });
}

// A server that decodes others' originals refuses for a moment.
function askAgain(picture, lost) {
  let tries = TRIES;
  const failed = () => {
    tries -= 1;
    if (tries > 0) setTimeout(() => (picture.src = picture.src), AGAIN);
    else lost();
  };
  picture.addEventListener("error", failed);
  if (picture.complete && !picture.naturalWidth) failed();
}

// What the pointer or finger is on, in words and as a mark on the legend.
function tellValues(part, map, words) {
  const stage = part("stage");
  const tell = (event) => {
    const box = part("square").getBoundingClientRect();
    const value = map.valueAt((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    part("here").value = value === null ? "–" : words.logits.replace("{value}", map.words(value));
    part("pointer").setAttribute("visibility", value === null ? "hidden" : "visible");
    if (value === null) return;
    const { left, width } = part("legend").dataset;
    part("pointer").setAttribute("transform", `translate(${Number(left) + (width * (1 + value / map.scale)) / 2} 0)`);
  };
  stage.addEventListener("pointermove", tell);
  stage.addEventListener("pointerdown", tell);
  stage.addEventListener("pointerleave", (event) => {
    // A finger that is lifted leaves too; what it touched stays to be read.
    if (event.pointerType === "touch") return;
    part("here").value = "–";
    part("pointer").setAttribute("visibility", "hidden");
  });
}

function lightTogether(page) {
  if (page.dataset.lit) return;
  page.dataset.lit = "yes";
  let pointed;
  let focused;
  const idOf = (event) => event.target.closest?.("[data-group-id]")?.dataset.groupId;
  const light = () => {
    const id = pointed ?? focused;
    for (const element of page.querySelectorAll("[data-group-id]")) {
      element.classList.toggle("lit", element.dataset.groupId === id);
    }
  };
  page.addEventListener("pointerover", (event) => {
    pointed = idOf(event);
    light();
  });
  page.addEventListener("focusin", (event) => {
    focused = idOf(event);
    light();
  });
  page.addEventListener("focusout", () => {
    focused = undefined;
    light();
  });
  page.addEventListener("click", (event) => {
    if (!event.target.matches(".outline")) return;
    const line = page.querySelector(`.group[data-group-id="${idOf(event)}"]`);
    line?.focus({ preventScroll: true });
    line?.scrollIntoView({ block: "nearest" });
  });
}
