// The frame with its caption, saved as an image on the visitor's side; the server has no part in it.

import { decimals, percent } from "./text.js";

export function save(picture, result, state) {
  const { canvas } = picture;
  const size = Math.max(14, Math.round(canvas.width / 36));
  const made = document.createElement("canvas");
  made.width = canvas.width;
  made.height = canvas.height + 4 * size;
  const context = made.getContext("2d");
  context.fillStyle = "#111716";
  context.fillRect(0, 0, made.width, made.height);
  context.drawImage(canvas, 0, 0);
  const [label, probability] = result.top[0];
  const total = Object.values(result.ms).reduce((sum, ms) => sum + ms, 0);
  const mark = ["easy", "hard"].includes(result.difficulty) ? `, ${result.difficulty}` : "";
  const share = percent(state.madds[result.path] / Math.max(...state.madds));
  line(context, `${label} ${percent(probability)}`, `600 ${Math.round(size * 1.35)}px`, "#fff", size, canvas.height + 1.7 * size);
  const details = `path ${result.path}${mark}, ${share} of MAdds, ${decimals(total)} ms, ${state.bundle} on ${state.settings.backend}`;
  line(context, details, `${size}px`, "#b9c5c0", size, canvas.height + 3.2 * size);
  made.toBlob((blob) => download(blob, `dsnet-edge-${result.number}.png`), "image/png");
}

function line(context, text, font, colour, x, y) {
  context.font = `${font} system-ui, sans-serif`;
  context.fillStyle = colour;
  context.fillText(text, x, y, context.canvas.width - 2 * x);
}

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
