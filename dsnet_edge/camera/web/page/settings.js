// The settings: sent when the visitor changes them, shown as the server has them, for another visitor may change them, too.

import { byId, element, percent, setText } from "./text.js";

const BETWEEN_MS = 100; // two budgets, while the slider moves
const MINE_MS = 700; // the slider stays where the visitor put it, until the server has caught up

export class Settings {
  constructor(change) {
    this.change = change;
    this.touched = -MINE_MS;
    this.later = 0;
    this.sent = 0;
    this.paused = this.pinned = false;
    byId("pause").addEventListener("click", () => change({ paused: !this.paused }));
    byId("trained").addEventListener("change", (event) => change({ budget: event.target.checked ? null : this.budget() }));
    byId("budget").addEventListener("input", () => this.slide());
    byId("pin").addEventListener("change", (event) => change({ path: event.target.value === "" ? null : Number(event.target.value) }));
    byId("backend").addEventListener("change", (event) => change({ backend: event.target.value }));
    byId("threads").addEventListener("change", (event) => change({ threads: Number(event.target.value) }));
    byId("settings-title").parentElement.addEventListener("submit", (event) => event.preventDefault());
  }

  budget() {
    return byId("budget").valueAsNumber / 100;
  }

  slide() {
    this.touched = performance.now();
    this.say(this.budget(), this.pinned);
    clearTimeout(this.later);
    this.later = setTimeout(
      () => {
        this.sent = performance.now();
        this.change({ budget: this.budget() });
      },
      Math.max(0, this.sent + BETWEEN_MS - performance.now()),
    );
  }

  say(budget, pinned) {
    const led = budget === null ? "the gate decides" : `${percent(budget)} of the way to the widest`;
    const text = pinned ? "the path is pinned" : led;
    setText("budget-text", text);
    byId("budget").setAttribute("aria-valuetext", text);
  }

  heat(share) {
    byId("heat").hidden = share >= 1;
    setText("heat", `Heat leaves ${percent(share)} of it.`);
  }

  show({ settings, backends, madds, cores }) {
    this.paused = settings.paused;
    this.pinned = settings.path !== null;
    setText("pause", settings.paused ? "Resume" : "Pause");
    options("pin", [["", "by the gate"], ...madds.map((_, index) => [`${index}`, pathName(index, madds.length)])]);
    options("backend", backends.map((name) => [name, name]));
    const threads = Array.from({ length: Math.max(cores, settings.threads) }, (_, index) => `${index + 1}`);
    options("threads", threads.map((count) => [count, count]));
    choose("pin", settings.path === null ? "" : `${settings.path}`);
    choose("backend", settings.backend);
    choose("threads", `${settings.threads}`);
    if (performance.now() - this.touched < MINE_MS) return;
    const trained = settings.budget === null;
    byId("trained").checked = trained;
    byId("budget").disabled = trained;
    if (!trained) byId("budget").value = `${Math.round(settings.budget * 100)}`;
    this.say(settings.budget, this.pinned);
  }
}

function pathName(index, count) {
  return `${index}${index === 0 ? ", slimmest" : index === count - 1 ? ", widest" : ""}`;
}

// Only where they differ: a list that is open would close.
function options(id, wanted) {
  const select = byId(id);
  const same = select.length === wanted.length && wanted.every(([value], index) => select.options[index].value === value);
  if (same) return;
  select.replaceChildren(
    ...wanted.map(([value, text]) => {
      const option = element("option", text);
      option.value = value;
      return option;
    }),
  );
}

function choose(id, value) {
  if (byId(id).value !== value) byId(id).value = value;
}
