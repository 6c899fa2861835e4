// Text of the page. Whatever comes from the server stays text: nothing here makes markup.

export const byId = (id) => document.getElementById(id);

// Only where it differs, so that a screen reader hears of changes only.
export function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

export function element(name, text = "", kind = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

export const percent = (share) => `${Math.round(share * 100)} %`;

export const decimals = (value) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0));

export const rounded = (value) => (value < 10 ? value.toFixed(1) : value.toFixed(0));
