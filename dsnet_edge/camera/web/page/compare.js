// What the slimmest and the widest path say of one frame.

import { byId, decimals, element, percent } from "./text.js";

export function compared(extremes, madds) {
  const share = percent(madds[extremes.slimmest.path] / madds[extremes.widest.path]);
  byId("extremes").replaceChildren(
    card("The slimmest path", extremes.slimmest, `${share} of the multiply-adds`),
    card("The widest path", extremes.widest, "all multiply-adds"),
  );
}

function card(title, { top, network_ms }, cost) {
  const [label, probability] = top[0];
  const made = element("div", "", "card");
  made.append(
    element("span", `${title}: `, "soft"),
    element("strong", `${label} ${percent(probability)}`),
    element("span", `${decimals(network_ms)} ms, ${cost}`, "soft"),
  );
  return made;
}
