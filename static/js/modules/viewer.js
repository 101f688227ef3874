// The large image: the heatmap's opacity and threshold, and pixel groups that light up together
// with their line in the list.

function paint(image, threshold) {
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let index = 3; index < pixels.data.length; index += 4) {
    if (pixels.data[index] < threshold) pixels.data[index] = 0;
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

export function viewer(root) {
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const heat = part("heat");
  const outlines = part("outlines");
  let canvas = null;

  root.querySelectorAll(".needs-script").forEach((control) => (control.hidden = false));

  const draw = () => {
    const threshold = Math.round((Number(part("threshold").value) / 100) * 255);
    if (!heat.complete || !heat.naturalWidth) return;
    canvas?.remove();
    canvas = null;
    heat.hidden = threshold > 0;
    if (threshold > 0) {
      canvas = paint(heat, threshold);
      canvas.className = "heat";
      heat.after(canvas);
    }
    apply();
  };
  const apply = () => {
    const shown = part("show-heat").checked;
    for (const layer of [heat, canvas]) {
      layer?.style.setProperty("opacity", shown ? Number(part("opacity").value) / 100 : 0);
    }
    outlines.classList.toggle("off", !part("show-outlines").checked);
  };

  part("opacity").addEventListener("input", apply);
  part("threshold").addEventListener("input", draw);
  part("show-heat").addEventListener("change", apply);
  part("show-outlines").addEventListener("change", apply);
  heat.addEventListener("load", draw);
  draw();
  apply();
  lightTogether(root.closest("main") ?? root);
}

function lightTogether(page) {
  if (page.dataset.lit) return;
  page.dataset.lit = "yes";
  const light = (id) => {
    for (const element of page.querySelectorAll("[data-group-id]")) {
      element.classList.toggle("lit", element.dataset.groupId === id);
    }
  };
  const idOf = (event) => event.target.closest?.("[data-group-id]")?.dataset.groupId;
  page.addEventListener("pointerover", (event) => light(idOf(event)));
  page.addEventListener("focusin", (event) => light(idOf(event)));
  page.addEventListener("click", (event) => {
    if (!event.target.matches(".outline")) return;
    page.querySelector(`.group[data-group-id="${idOf(event)}"]`)?.scrollIntoView({ block: "nearest" });
  });
}
