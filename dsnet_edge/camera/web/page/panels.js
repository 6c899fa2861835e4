// What is known of the newest frame, in words, numbers and bars.

import { Strip } from "./strip.js";
import { byId, decimals, element, percent, rounded, setText } from "./text.js";

const STAGES = ["preprocess_ms", "prefix_ms", "gate_ms", "suffix_ms"];
const CALM = 0.15; // of a new value in the one that is shown
const DESCRIBE_MS = 5000;

export class Panels {
  constructor() {
    this.strip = new Strip();
    this.ms = {};
    this.described = -DESCRIBE_MS;
  }

  show(result, state) {
    this.label(result.top);
    this.path(result, state);
    this.histogram(result);
    this.times(result.ms);
    this.device(result);
    this.strip.add(result.path / Math.max(1, state.madds.length - 1), result.difficulty);
  }

  label([[label, probability], ...others]) {
    setText("label", label);
    setText("probability", percent(probability));
    const lines = others.map(([name, chance]) => `${name} ${percent(chance)}`);
    const list = byId("runners");
    while (list.children.length < lines.length) list.append(element("li"));
    while (list.children.length > lines.length) list.lastChild.remove();
    lines.forEach((line, index) => (list.children[index].textContent = line));
  }

  path(result, { madds }) {
    const widest = Math.max(...madds);
    setText("path", `${result.path}`);
    setText("chosen", `of 0 to ${madds.length - 1}, ${result.routed ? "by the gate" : "pinned"}`);
    setText("madds", `${percent(madds[result.path] / widest)} of MAdds`);
    const steps = parts(byId("slice"), madds.length);
    steps.forEach((step, index) => {
      step.style.flex = `${(madds[index] - (madds[index - 1] ?? 0)) / widest}`;
      step.classList.toggle("on", index <= result.path);
    });
  }

  histogram({ path, paths }) {
    const most = Math.max(1, ...paths);
    const frames = paths.reduce((sum, count) => sum + count, 0);
    setText("frames", `${frames}`);
    parts(byId("paths"), paths.length).forEach((bar, index) => {
      bar.style.height = `${(100 * paths[index]) / most}%`;
      bar.classList.toggle("now", index === path);
    });
    const now = performance.now();
    if (now - this.described < DESCRIBE_MS) return;
    this.described = now;
    const taken = paths.flatMap((count, index) => (count ? [`path ${index}: ${percent(count / frames)}`] : []));
    byId("paths").setAttribute("aria-label", `Of the latest frames, ${taken.join(", ")}`);
  }

  times(ms) {
    for (const stage of STAGES) this.ms[stage] = calm(this.ms[stage], ms[stage]);
    const total = STAGES.reduce((sum, stage) => sum + this.ms[stage], 0);
    setText("total", decimals(total));
    STAGES.forEach((stage, index) => {
      setText(stage, `${decimals(this.ms[stage])} ms`);
      byId("stages").children[index].style.width = `${(100 * this.ms[stage]) / total}%`;
    });
  }

  device({ rates, health, age_ms }) {
    setText("captured", rounded(rates.captured));
    setText("classified", rounded(rates.classified));
    this.age = calm(this.age, age_ms);
    setText("age", rounded(this.age));
    byId("celsius-row").hidden = health.celsius === null;
    byId("watts-row").hidden = health.watts === null;
    if (health.celsius !== null) setText("celsius", rounded(health.celsius));
    if (health.watts !== null) setText("watts", health.watts.toFixed(2));
    setText("meter", health.meter ? `power (${health.meter})` : "power");
  }
}

// A mean of the latest values, so that numbers can be read.
function calm(before, now) {
  return before === undefined ? now : before + CALM * (now - before);
}

function parts(parent, count) {
  while (parent.children.length < count) parent.append(element("i"));
  while (parent.children.length > count) parent.lastChild.remove();
  return [...parent.children];
}
