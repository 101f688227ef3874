// A heatmap on a canvas. The server sends contributions as grey levels, and says by data
// attributes how to read them and which colour each level has; nothing of that is decided here.
import { fixed, signed } from "./numbers.js";

export function picture(address) {
  const image = new Image();
  image.src = address;
  return image.decode().then(() => image);
}

export function levelsOf(image) {
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
  const levels = new Uint8Array(width * height);
  for (let index = 0; index < levels.length; index += 1) levels[index] = data[4 * index];
  return { levels, width, height };
}

export class Heatmap {
  #canvas;
  #ramp;
  #zero;
  #steps;
  #decimals;
  #map = null;
  #asked = 0;

  constructor(canvas) {
    const { ramp, zero, steps, scale, decimals } = canvas.dataset;
    this.#canvas = canvas;
    this.#ramp = ramp.match(/../g).map((part) => parseInt(part, 16));
    this.#zero = Number(zero);
    this.#steps = Number(steps);
    this.#decimals = Number(decimals);
    this.scale = Number(scale);
  }

  // The map of a dimension, or of the total where it is "". Of several asked for, the last counts.
  async load(dimension) {
    const asked = (this.#asked += 1);
    const address = new URL(this.#canvas.dataset.map, document.baseURI);
    if (dimension !== "") address.searchParams.set("dimension", dimension);
    const map = levelsOf(await picture(address.href));
    if (asked !== this.#asked) return;
    this.#map = map;
    this.#canvas.width = map.width;
    this.#canvas.height = map.height;
    this.#canvas.dataset.shown = dimension || "total";
  }

  // What is weaker than the threshold, a share of the scale, stays clear.
  paint(opacity, threshold) {
    if (!this.#map) return;
    const { levels, width, height } = this.#map;
    const colours = new Uint8ClampedArray(this.#ramp);
    for (let level = 0; level < 256; level += 1) {
      const weak = Math.abs(level - this.#zero) < threshold * this.#steps;
      colours[4 * level + 3] = weak ? 0 : colours[4 * level + 3] * opacity;
    }
    const byLevel = new Uint32Array(colours.buffer);
    const pixels = new ImageData(width, height);
    const painted = new Uint32Array(pixels.data.buffer);
    for (let index = 0; index < painted.length; index += 1) painted[index] = byLevel[levels[index]];
    this.#canvas.getContext("2d").putImageData(pixels, 0, 0);
  }

  // In logits, at a place given in shares of width and height; null beside the image.
  valueAt(across, down) {
    if (!this.#map || across < 0 || across >= 1 || down < 0 || down >= 1) return null;
    const { levels, width, height } = this.#map;
    const level = levels[Math.floor(down * height) * width + Math.floor(across * width)];
    return ((level - this.#zero) / this.#steps) * this.scale;
  }

  // A contribution without its sign.
  size(value) {
    return fixed(Math.abs(value), this.#decimals);
  }

  // A contribution as the server prints it; beyond the scale's ends only the bound is known.
  words(value) {
    const bound = Math.abs(value) < this.scale * (1 - 1e-9) ? "" : value > 0 ? "≥ " : "≤ ";
    return `${bound}${signed(value, this.#decimals)}`;
  }
}
