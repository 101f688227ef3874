// The superpixels of an image: which one lies where, which one is next to it in a direction, and their
// pixels as the server takes them. Their map is a grey picture whose levels are their numbers.
import { levelsOf, picture } from "./heatmap.js";

const TOWARD = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEEP = 0.35; // least cosine between an arrow and the way to what it leads to

export class Superpixels {
  #labels;
  #size;
  #middles = [];
  #pictures = new Map();

  static async load(address) {
    const { levels, width } = levelsOf(await picture(address));
    return new Superpixels(levels, width);
  }

  constructor(labels, size) {
    this.#labels = labels;
    this.#size = size;
    const sums = [];
    labels.forEach((label, at) => {
      const sum = (sums[label] ??= [0, 0, 0]);
      sum[0] += at % size;
      sum[1] += Math.floor(at / size);
      sum[2] += 1;
    });
    this.#middles = sums.map(([x, y, count]) => [x / count + 0.5, y / count + 0.5]);
  }

  get count() {
    return this.#middles.length;
  }

  get size() {
    return this.#size;
  }

  // The number of the one at (x, y), in shares of the analysed square.
  at(x, y) {
    if (x < 0 || y < 0 || x >= 1 || y >= 1) return null;
    return this.#labels[Math.floor(y * this.#size) * this.#size + Math.floor(x * this.#size)];
  }

  get middle() {
    return this.at(0.5, 0.5);
  }

  // The neighbour that an arrow leads to; where none touches there, the nearest that lies that way.
  next(label, key) {
    const [dx, dy] = TOWARD[key];
    const [x0, y0] = this.#middles[label];
    const touching = this.#touching(label);
    let best = null;
    let least = Infinity;
    this.#middles.forEach(([x, y], other) => {
      if (other === label) return;
      const far = Math.hypot(x - x0, y - y0);
      const cosine = ((x - x0) * dx + (y - y0) * dy) / far;
      if (cosine < STEEP) return;
      const cost = (touching.has(other) ? 1 : 3) * far * (2 - cosine);
      if (cost < least) [least, best] = [cost, other];
    });
    return best;
  }

  #touching(label) {
    const found = new Set();
    const size = this.#size;
    this.#labels.forEach((each, at) => {
      if (each !== label) return;
      for (const beside of [at % size ? at - 1 : at, (at + 1) % size ? at + 1 : at, at - size, at + size]) {
        const other = this.#labels[beside];
        if (other !== undefined && other !== label) found.add(other);
      }
    });
    return found;
  }

  // Runs along the rows: first, length, first, length, …
  runs(label) {
    const runs = [];
    const size = this.#size;
    for (let at = 0; at < this.#labels.length; at += 1) {
      if (this.#labels[at] !== label) continue;
      const first = at;
      while ((at + 1) % size && this.#labels[at + 1] === label) at += 1;
      runs.push(first, at - first + 1);
    }
    return runs;
  }

  // One of them as a picture of the square, in a colour.
  picture(label, colour) {
    const known = this.#pictures.get(label);
    if (known) return known;
    const canvas = new OffscreenCanvas(this.#size, this.#size);
    const context = canvas.getContext("2d");
    context.fillStyle = colour;
    const runs = this.runs(label);
    for (let index = 0; index < runs.length; index += 2) {
      context.fillRect(runs[index] % this.#size, Math.floor(runs[index] / this.#size), runs[index + 1], 1);
    }
    this.#pictures.set(label, canvas);
    return canvas;
  }

  // Its edge as a path, in pixels of the map.
  edge(label) {
    const path = new Path2D();
    const size = this.#size;
    const is = (x, y) => x >= 0 && y >= 0 && x < size && y < size && this.#labels[y * size + x] === label;
    this.#labels.forEach((each, at) => {
      if (each !== label) return;
      const [x, y] = [at % size, Math.floor(at / size)];
      for (const [ox, oy, x0, y0, x1, y1] of [[-1, 0, 0, 0, 0, 1], [1, 0, 1, 0, 1, 1], [0, -1, 0, 0, 1, 0], [0, 1, 0, 1, 1, 1]]) {
        if (is(x + ox, y + oy)) continue;
        path.moveTo(x + x0, y + y0);
        path.lineTo(x + x1, y + y1);
      }
    });
    return path;
  }

  // Where it lies, as row and column of nine parts: 0, 1 or 2.
  part(label) {
    return this.#middles[label].map((each) => Math.min(2, Math.floor((3 * each) / this.#size)));
  }
}
