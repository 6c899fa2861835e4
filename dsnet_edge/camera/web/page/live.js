// The websocket: asks for the newest frame, and again once that is shown, so that a slow page gets fewer frames and no backlog.
// While the page is hidden it asks for nothing. A lost connection is tried again, after longer and longer waits.

const SILENCE_MS = 10_000; // the server answers within a second
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

export class Live {
  // `on` has: shot(told, jpeg), told(message), status(kind, text). Each may be called at any time.
  constructor(on) {
    this.on = on;
    this.failures = 0;
    this.socket = null;
    this.timer = 0;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.leave() : this.open()));
    window.addEventListener("online", () => this.open());
    if (!document.hidden) this.open();
  }

  open() {
    if (this.socket) return;
    clearTimeout(this.timer);
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.ask(-1);
    socket.onmessage = (event) => this.answer(socket, event.data);
    socket.onclose = (event) => this.lost(socket, event);
    this.socket = socket;
    this.watchdog();
  }

  leave() {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null; // so that its end is not taken for a loss
    socket?.close(1000);
  }

  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  ask(after) {
    if (this.send({ next: after })) this.watchdog();
  }

  async answer(socket, data) {
    if (socket !== this.socket) return;
    this.failures = 0;
    if (typeof data === "string") {
      this.on.told(JSON.parse(data));
      return;
    }
    const length = new DataView(data).getUint32(0);
    const told = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
    const jpeg = data.byteLength > 4 + length ? new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" }) : null;
    if (told.result) this.number = told.result.number;
    try {
      await this.on.shot(told, jpeg);
    } finally {
      if (socket === this.socket) this.ask(this.number ?? -1);
    }
  }

  lost(socket, event) {
    if (socket !== this.socket) return;
    this.socket = null;
    this.number = undefined;
    clearTimeout(this.timer);
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures) * (0.8 + 0.4 * Math.random());
    this.failures += 1;
    this.on.status("lost", `${event.reason || "Connection lost"}; trying again`);
    this.timer = setTimeout(() => this.open(), wait);
    this.askWhy();
  }

  // A socket is not told why it was not let in; a request is.
  async askWhy() {
    const { status } = await fetch("/", { method: "HEAD" }).catch(() => ({}));
    if (status === 401 && !this.socket) this.on.status("lost", "Started again: open the address that the terminal shows now");
  }

  watchdog() {
    clearTimeout(this.timer);
    const { socket } = this;
    this.timer = setTimeout(() => {
      this.lost(socket, {}); // now: a network that is gone does not even answer a close
      socket.close();
    }, SILENCE_MS);
  }
}
