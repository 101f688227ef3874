// A key judges the image that a person has seen: the verdict's keys wait, as `data-waits` says, until
// its picture is there and has been on screen for a moment. A second key pressed in haste, meant
// for the image before, so judges none.
const SEEN_MS = 300;

export function judging(form) {
  const picture = form.ownerDocument.querySelector("[data-part=picture]");
  const ready = () => setTimeout(() => form.removeAttribute("data-waits"), SEEN_MS);
  // A picture that cannot be shown is said to be missing on the page: that is seen as well.
  if (picture) picture.decode().then(ready, ready);
  else ready();
}
