// What was refused for now is asked for again when the server said. A page that was loaded asks for
// itself; a swap (swaps.js) for its part. Patience grows, so that many who wait do not come at once.
const MOST = 6;

export function secondsUntil(response) {
  return response?.status === 503 ? Number(response.headers.get("Retry-After")) || 0 : 0;
}

export function later(seconds, tries, ask) {
  if (!seconds || tries >= MOST) return;
  setTimeout(ask, 1000 * seconds * (1 + tries * Math.random()));
}

export function again(note) {
  const key = `again ${window.location.href}`;
  const tries = Number(sessionStorage.getItem(key));
  if (tries >= MOST) return sessionStorage.removeItem(key);
  sessionStorage.setItem(key, tries + 1);
  note.hidden = false;
  later(Number(note.dataset.seconds), tries, () => window.location.reload());
}
