// What the slimmest and the widest path say of one frame.

import { byId, decimals, element, percent } from "./text.js";

export function compared(extremes, madds) {
  const share = percent(madds[extremes.slimmest.path] / madds[extremes.widest.path]);
  const agree = extremes.slimmest.top[0][0] === extremes.widest.top[0][0];
  byId("extremes").replaceChildren(
    element("p", `On frame ${extremes.number} they ${agree ? "agree" : "differ"}:`, "soft"),
    card("Slimmest path", extremes.slimmest, `${share} of MAdds`),
    card("Widest path", extremes.widest, "all MAdds"),
  );
}

function card(title, { top, network_ms }, cost) {
  const [label, probability] = top[0];
  const made = element("div", "", "card");
  made.append(
    element("span", title, "soft"),
    element("strong", `${label} ${percent(probability)}`),
    element("span", `${decimals(network_ms)} ms, ${cost}`, "soft"),
  );
  return made;
}
