// Tiles of the original over the whole picture, where that is coarser than the screen. The server
// makes all tiles of an image at once, when the first is asked for: the others wait for that one.
const SETTLE = 150; // ms that the picture lies still before tiles are fetched
const AGAIN = 2000; // ms after which a busy server is asked again
const TRIES = 4;

function loaded(image, address, tries = TRIES) {
  image.src = address;
  return image.decode().catch(() => {
    if (tries <= 1 || !image.isConnected) throw new Error("no tile");
    return new Promise((go) => setTimeout(go, AGAIN)).then(() => loaded(image, address, tries - 1));
  });
}

export class Tiles {
  #layer;
  #size;
  #shown = new Map();
  #first = null;
  #settling = 0;

  constructor(layer) {
    const { width, height, levels, tile, whole } = layer.dataset;
    this.#layer = layer;
    this.#size = { width: Number(width), height: Number(height), levels: Number(levels), tile: Number(tile), whole: Number(whole) };
  }

  // What part of the sheet is to be seen, in shares of it; and how many device pixels the sheet has.
  show(part, pixels) {
    clearTimeout(this.#settling);
    if (this.#size.levels) this.#settling = setTimeout(() => this.#fetch(part, pixels), SETTLE);
  }

  #fetch(part, pixels) {
    const { width, height, levels, tile, whole } = this.#size;
    const longest = Math.max(width, height);
    const wanted = pixels / longest;
    if (wanted <= whole / longest) return this.#drop(() => true);
    const level = Math.max(0, Math.min(levels - 1, Math.floor(Math.log2(1 / wanted))));
    const covered = tile * 2 ** level;
    const range = (start, extent) => {
      const first = start * longest - (longest - extent) / 2;
      const last = Math.min(extent, first + part.side * longest);
      return [Math.max(0, Math.floor(first / covered)), Math.ceil(last / covered)];
    };
    const [left, right] = range(part.left, width);
    const [top, bottom] = range(part.top, height);
    const now = new Set();
    for (let row = top; row < bottom; row += 1) {
      for (let column = left; column < right; column += 1) now.add(`${level}/${column}/${row}`);
    }
    for (const name of now) if (!this.#shown.has(name)) this.#add(name, covered);
    // Coarser ones stay below until the finer ones are there.
    const waiting = [...now].map((name) => this.#shown.get(name)?.ready);
    Promise.allSettled(waiting).then(() => this.#drop((name) => !now.has(name)));
  }

  #add(name, covered) {
    const { width, height } = this.#size;
    const longest = Math.max(width, height);
    const [, column, row] = name.split("/").map(Number);
    const image = document.createElement("img");
    const place = (edge, extent, along, number) => {
      const from = number * covered;
      const until = Math.min(from + covered, extent);
      image.style.setProperty(edge, `${(100 * (from + (longest - extent) / 2)) / longest}%`);
      image.style.setProperty(along, `${(100 * (until - from)) / longest}%`);
    };
    image.alt = "";
    image.dataset.tile = name;
    place("left", width, "width", column);
    place("top", height, "height", row);
    this.#layer.append(image);
    const address = this.#layer.dataset.address.replace("/0/0/0.jpg", `/${name}.jpg`);
    const ready = this.#first ? this.#first.then(() => loaded(image, address)) : (this.#first = loaded(image, address));
    this.#shown.set(name, { image, ready });
    ready.catch(() => {
      image.remove();
      this.#shown.delete(name);
      this.#first = null;
    });
  }

  #drop(which) {
    for (const [name, { image }] of this.#shown) {
      if (!which(name)) continue;
      image.remove();
      this.#shown.delete(name);
    }
  }
}
