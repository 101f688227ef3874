// What is being drawn on a picture, on two canvases over the stage: all that was drawn, and above it
// what the hand is at. A stroke paints only what it adds. Shapes are in pixels of the picture, as they
// are sent: the server fills them anew.
const NORMAL = 224; // side of the normalised image, in which pixel groups and superpixels lie
const WHOLE_TURN = 2 * Math.PI;

function fitted(canvas, width, height) {
  const ratio = window.devicePixelRatio;
  const across = Math.round(width * ratio);
  const down = Math.round(height * ratio);
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
  }
  return ratio;
}

export function lineOf(points, closed) {
  const path = new Path2D();
  points.forEach(([x, y], index) => (index ? path.lineTo(x, y) : path.moveTo(x, y)));
  if (closed) path.closePath();
  return path;
}

export function circle([x, y], radius) {
  const path = new Path2D();
  path.arc(x, y, radius, 0, WHOLE_TURN);
  return path;
}

export function cornersOf([[x0, y0], [x1, y1]]) {
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
}

export class Sketch {
  #drawn;
  #aim;
  #stage;
  #sheet;
  #size;
  #place = null;
  #damage = null;

  // `size` is that of the picture; `groups` are the paths of pixel groups, by id.
  constructor(stage, sheet, drawn, aim, size, groups) {
    this.#stage = stage;
    this.#sheet = sheet;
    this.#drawn = drawn.getContext("2d");
    this.#aim = aim.getContext("2d");
    this.#size = { ...size, longest: Math.max(size.width, size.height) };
    this.groups = groups;
  }

  // The analysed square, in pixels of the picture.
  get square() {
    const { width, height } = this.#size;
    const side = Math.min(width, height);
    return { left: Math.floor((width - side) / 2), top: Math.floor((height - side) / 2), side };
  }

  // Reads where the picture lies; nothing else here asks the browser for a layout.
  measure() {
    const stage = this.#stage.getBoundingClientRect();
    const sheet = this.#sheet.getBoundingClientRect();
    const ratio = fitted(this.#drawn.canvas, stage.width, stage.height);
    fitted(this.#aim.canvas, stage.width, stage.height);
    const { width, height, longest } = this.#size;
    const scale = sheet.width / longest;
    this.#place = {
      scale,
      ratio,
      from: { x: stage.left, y: stage.top },
      left: sheet.left - stage.left + ((longest - width) / 2) * scale,
      top: sheet.top - stage.top + ((longest - height) / 2) * scale,
    };
    this.#damage = null;
    this.#aim.setTransform(1, 0, 0, 1, 0, 0);
    this.#aim.clearRect(0, 0, this.#aim.canvas.width, this.#aim.canvas.height);
  }

  // How many pixels of the picture a point of the screen is.
  get fineness() {
    return 1 / this.#place.scale;
  }

  // A pointer's place in the picture.
  at({ clientX, clientY }) {
    const { from, left, top, scale } = this.#place;
    return [(clientX - from.x - left) / scale, (clientY - from.y - top) / scale];
  }

  #begin(context) {
    const { ratio, scale, left, top } = this.#place;
    context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * left, ratio * top);
    context.fillStyle = context.strokeStyle = this.#colour(context);
    context.lineCap = context.lineJoin = "round";
    context.imageSmoothingEnabled = false;
    return context;
  }

  #colours = new WeakMap();

  #colour(context) {
    if (!this.#colours.has(context)) this.#colours.set(context, getComputedStyle(context.canvas).color);
    return this.#colours.get(context);
  }

  // All steps anew, as after the picture was moved.
  paint(steps) {
    const context = this.#drawn;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalCompositeOperation = "source-over";
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    this.#begin(context);
    for (const step of steps) this.#fill(context, step);
  }

  // One more step, on what is there.
  add(step) {
    this.#fill(this.#begin(this.#drawn), step);
  }

  // What a stroke of the brush has become longer by.
  lengthen({ erase, radius, points }, from) {
    const context = this.#begin(this.#drawn);
    context.globalCompositeOperation = erase ? "destination-out" : "source-over";
    this.#line(context, points.slice(Math.max(0, from - 1)), radius);
  }

  #line(context, points, radius) {
    context.beginPath();
    if (points.length === 1) {
      context.arc(...points[0], radius, 0, WHOLE_TURN);
      context.fill();
      return;
    }
    context.lineWidth = 2 * radius;
    points.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.stroke();
  }

  #fill(context, step) {
    context.globalCompositeOperation = step.erase ? "destination-out" : "source-over";
    if (step.tool === "brush") this.#line(context, step.points, step.radius);
    else if (step.tool === "groups") this.#groups(context, step.groups);
    else if (step.tool === "superpixels") this.#cells(context, step.picture);
    else context.fill(lineOf(step.tool === "box" ? cornersOf(step.points) : step.points, true), "nonzero");
  }

  #groups(context, ids) {
    const { left, top, side } = this.square;
    context.save();
    context.translate(left, top);
    context.scale(side / NORMAL, side / NORMAL);
    // Outlines go through the middle of pixels.
    context.translate(0.5, 0.5);
    context.lineWidth = 1;
    for (const id of ids) {
      context.fill(this.groups.get(id), "evenodd");
      context.stroke(this.groups.get(id));
    }
    context.restore();
  }

  #cells(context, picture) {
    const { left, top, side } = this.square;
    context.drawImage(picture, left, top, side, side);
  }

  // What the hand is at, drawn by `show` within (left, top, right, bottom) of the picture; of what was
  // there before only that part is cleared.
  aim(bounds, show) {
    const context = this.#aim;
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (this.#damage) context.clearRect(...this.#damage);
    this.#damage = null;
    if (!bounds) return;
    const { ratio, scale, left, top } = this.#place;
    const [x0, x1] = [bounds[0], bounds[2]].map((x) => ratio * (x * scale + left));
    const [y0, y1] = [bounds[1], bounds[3]].map((y) => ratio * (y * scale + top));
    const around = 4 * ratio;
    this.#damage = [Math.floor(x0 - around), Math.floor(y0 - around), Math.ceil(x1 - x0 + 2 * around) + 1, Math.ceil(y1 - y0 + 2 * around) + 1];
    // A light line in a dark one is seen on any picture.
    const pixel = 1 / scale;
    this.#begin(context);
    const path = show(pixel);
    context.lineWidth = 3.5 * pixel;
    context.strokeStyle = "rgb(0 0 0 / 70%)";
    context.stroke(path);
    context.lineWidth = 1.5 * pixel;
    context.strokeStyle = this.#colour(context);
    context.stroke(path);
  }

  // The share of each pixel group that a step covers, by id.
  covered(step) {
    if (!this.groups.size) return new Map();
    const { left, top, side } = this.square;
    const scale = NORMAL / side;
    const context = new OffscreenCanvas(NORMAL, NORMAL).getContext("2d", { willReadFrequently: true });
    const alpha = () => context.getImageData(0, 0, NORMAL, NORMAL).data;
    context.setTransform(scale, 0, 0, scale, -left * scale, -top * scale);
    context.lineCap = context.lineJoin = "round";
    this.#fill(context, { ...step, erase: false });
    const mask = alpha();
    const found = new Map();
    for (const [id, path] of this.groups) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, NORMAL, NORMAL);
      context.fill(path, "evenodd");
      const group = alpha();
      let all = 0;
      let both = 0;
      for (let at = 3; at < group.length; at += 4) {
        if (group[at] < 128) continue;
        all += 1;
        if (mask[at] >= 128) both += 1;
      }
      found.set(id, all ? both / all : 0);
    }
    return found;
  }

  // The pixel group at a place of the picture, the smallest where several lie there.
  groupAt([x, y]) {
    const { left, top, side } = this.square;
    const context = new OffscreenCanvas(1, 1).getContext("2d");
    const at = [((x - left) * NORMAL) / side - 0.5, ((y - top) * NORMAL) / side - 0.5];
    for (const [id, path] of this.groups) if (context.isPointInPath(path, ...at, "evenodd")) return id;
    return null;
  }
}

export function boundsOf(points, around = 0) {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return [Math.min(...xs) - around, Math.min(...ys) - around, Math.max(...xs) + around, Math.max(...ys) + around];
}

// Leaves points out that lie within `tolerance` of the line between the others (Douglas and Peucker).
export function simplified(points, tolerance) {
  if (points.length < 3) return points;
  const kept = new Uint8Array(points.length);
  kept[0] = kept[points.length - 1] = 1;
  const open = [[0, points.length - 1]];
  while (open.length) {
    const [first, last] = open.pop();
    const [[x0, y0], [x1, y1]] = [points[first], points[last]];
    const length = Math.hypot(x1 - x0, y1 - y0);
    let farthest = 0;
    let where = 0;
    for (let index = first + 1; index < last; index += 1) {
      const [x, y] = points[index];
      const far = length ? Math.abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) / length : Math.hypot(x - x0, y - y0);
      if (far > farthest) [farthest, where] = [far, index];
    }
    if (farthest <= tolerance) continue;
    kept[where] = 1;
    open.push([first, where], [where, last]);
  }
  return points.filter((_, index) => kept[index]);
}
