// Numbers as the server prints them (web/site/formatting.py).
const MINUS = "−";

// Rounded half to even: `toFixed` rounds the exact value too, but halves away from zero.
export function fixed(value, decimals) {
  const size = Math.abs(value);
  const halves = size * 2 ** (decimals + 1);
  let text = size.toFixed(decimals);
  if (halves % 2 === 1) {
    const below = (halves * 5 ** decimals - 1) / 2;
    text = ((below + (below % 2)) / 10 ** decimals).toFixed(decimals);
  }
  return value < 0 && Number(text) !== 0 ? `${MINUS}${text}` : text;
}

// With its sign always printed; what rounds to zero has none.
export function signed(value, decimals) {
  const text = fixed(value, decimals);
  return value > 0 && Number(text) !== 0 ? `+${text}` : text;
}
