// The latest frames side by side: as high as their path is wide, in the colour of their mark.

import { byId } from "./text.js";

const STEP = 4; // of the screen's pixels a frame, one of them free

export class Strip {
  constructor() {
    this.canvas = byId("strip");
    this.frames = [];
    new ResizeObserver(() => this.fit()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  add(width, difficulty) {
    this.frames.push({ width, difficulty: difficulty || "usual" });
    this.draw();
  }

  // To the screen's own pixels, so that the bars are sharp.
  fit() {
    this.canvas.width = Math.round(this.canvas.clientWidth * devicePixelRatio);
    this.canvas.height = Math.round(this.canvas.clientHeight * devicePixelRatio);
    this.draw();
  }

  draw() {
    const { canvas } = this;
    const step = Math.round(STEP * devicePixelRatio);
    this.frames = this.frames.slice(-Math.ceil(canvas.width / step));
    const context = canvas.getContext("2d");
    const style = getComputedStyle(document.documentElement);
    const colours = Object.fromEntries(["easy", "hard", "usual"].map((name) => [name, style.getPropertyValue(`--${name}`)]));
    context.clearRect(0, 0, canvas.width, canvas.height);
    this.frames.forEach(({ width, difficulty }, index) => {
      const height = Math.round(canvas.height * (0.15 + 0.75 * width));
      context.fillStyle = colours[difficulty];
      context.fillRect(canvas.width - (this.frames.length - index) * step, canvas.height - height, step - 1, height);
    });
  }
}
