// A form of choices that applies itself: no button is needed where there is JavaScript.
export function autosubmit(form) {
  form.addEventListener("change", (event) => {
    if (event.target.matches("select, input[list]")) form.requestSubmit();
  });
}
