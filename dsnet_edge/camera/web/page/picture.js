// The frame itself, its mark, and what a screen reader hears of it.

import { byId, percent, setText } from "./text.js";

const ANNOUNCE_MS = 4000;

export class Picture {
  constructor() {
    this.canvas = byId("picture");
    this.context = this.canvas.getContext("2d");
    this.announced = { label: "", at: -ANNOUNCE_MS };
  }

  async show(jpeg, result) {
    const bitmap = await createImageBitmap(jpeg);
    if (this.canvas.width !== bitmap.width || this.canvas.height !== bitmap.height) {
      this.canvas.width = bitmap.width;
      this.canvas.height = bitmap.height;
    }
    this.context.drawImage(bitmap, 0, 0);
    bitmap.close();
    this.canvas.dataset.frame = result.number;
    byId("waiting").hidden = true;
    byId("mark").dataset.kind = result.difficulty;
    setText("mark", result.difficulty === "usual" ? "" : result.difficulty);
    this.announce(result);
  }

  // So that nobody takes an old picture for what is there now.
  fade(old) {
    this.canvas.classList.toggle("old", old);
  }

  announce(result) {
    const [label, probability] = result.top[0];
    const now = performance.now();
    if (label === this.announced.label || now - this.announced.at < ANNOUNCE_MS) return;
    this.announced = { label, at: now };
    const marked = result.difficulty && result.difficulty !== "usual" ? `, ${result.difficulty}` : "";
    const said = `${label}, ${percent(probability)}, path ${result.path}${marked}`;
    setText("announce", said);
    this.canvas.setAttribute("aria-label", `Camera picture: ${said}`);
  }
}
