// The latest frames side by side: as high as their path is wide, in the colour of their mark.

import { byId } from "./text.js";

const FRAMES = 150;

export class Strip {
  constructor() {
    this.canvas = byId("strip");
    this.frames = [];
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  add(width, difficulty) {
    this.frames.push({ width, difficulty: difficulty || "usual" });
    if (this.frames.length > FRAMES) this.frames.shift();
    this.draw();
  }

  draw() {
    const { canvas, frames } = this;
    const context = canvas.getContext("2d");
    const style = getComputedStyle(document.documentElement);
    const colours = Object.fromEntries(["easy", "hard", "usual"].map((name) => [name, style.getPropertyValue(`--${name}`)]));
    const step = canvas.width / FRAMES;
    context.clearRect(0, 0, canvas.width, canvas.height);
    frames.forEach(({ width, difficulty }, index) => {
      const height = 6 + width * (canvas.height - 10);
      context.fillStyle = colours[difficulty];
      context.fillRect(canvas.width - (frames.length - index) * step, canvas.height - height, step - 1, height);
    });
  }
}
