// What comes from the server goes to the picture, the panels and the settings; what the visitor does goes back.

import { compared } from "./compare.js";
import { Live } from "./live.js";
import { Panels } from "./panels.js";
import { Picture } from "./picture.js";
import { Settings } from "./settings.js";
import { save } from "./snapshot.js";
import { byId, setText } from "./text.js";

if (location.search) history.replaceState(null, "", location.pathname); // the token is in a cookie by now

const picture = new Picture();
const panels = new Panels();
let state = null;
let result = null;
let complaint = 0;
let shown = performance.now(); // when the latest picture was

const STALE_MS = 4000;

const live = new Live({
  async shot(told, jpeg) {
    if (jpeg) shown = performance.now();
    apply(told.state); // at once: while the picture is decoded, a newer state may come
    if (!jpeg) return;
    await picture.show(jpeg, told.result);
    result = told.result;
    byId("snapshot").disabled = false;
    panels.show(result, told.state);
    settings.heat(result.share);
  },
  told(message) {
    if (message.error) complain(message.error);
    if (message.state) apply(message.state);
    if (message.extremes) compared(message.extremes, state.madds);
    if (message.error || message.extremes) byId("compare").disabled = false;
  },
  status,
});
const settings = new Settings((change) => live.send({ change }) || complain("Not connected: nothing was changed"));

byId("snapshot").addEventListener("click", () => result && save(picture, result, state));
byId("compare").addEventListener("click", () => {
  byId("compare").disabled = live.send({ compare: true });
});

function apply(told) {
  state = told;
  settings.show(told);
  setText("bundle", told.bundle);
  setText("source", told.source);
  if (told.ended) status("wait", "The pictures have ended");
  else if (told.settings.paused) status("wait", "Paused");
  else if (performance.now() - shown > STALE_MS) status("lost", "No new pictures");
  else status("live", "Live");
  if (!complaint) notice(told.message);
}

function status(kind, text) {
  byId("status").dataset.kind = kind;
  setText("status", text);
  picture.fade(kind === "lost");
  if (kind === "lost") byId("compare").disabled = false;
}

function complain(text) {
  clearTimeout(complaint);
  notice(text);
  complaint = setTimeout(() => {
    complaint = 0;
    notice(state?.message);
  }, 8000);
}

function notice(text) {
  byId("notice").hidden = !text;
  setText("notice", text || "");
}
