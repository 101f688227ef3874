// A reason of the queue's list, by its key or a click: it is added to what is written, once.
export function reason(button) {
  button.addEventListener("click", () => {
    const field = button.form.elements.reason;
    const written = field.value.split(/;\s*/).filter(Boolean);
    const found = written.indexOf(button.dataset.reason);
    if (found < 0) written.push(button.dataset.reason);
    else written.splice(found, 1);
    field.value = written.join("; ");
    button.setAttribute("aria-pressed", found < 0);
  });
}
