// The one line at the end of the conversation that offers to tell of an answer on this device, says whether it does, and
// turns it off again. Nothing is asked before somebody has pressed it. What was read here is not told any more.

import { announce, button, h, say } from "../console/dom.js";
import { Device } from "../console/device.js";

const OFFER = "Tell me on this device when somebody answers";
const ON = "You are told here when somebody answers.";
const UNABLE = "This browser cannot tell you when somebody answers. The answer will be here.";
const REFUSED = "This browser does not let this page tell you when somebody answers; its settings for this page can change that. The answer will be here.";
const HOME_SCREEN = "On this device, only a page on the home screen can tell you when somebody answers: Share, then Add to Home Screen. Opened from there, it begins a conversation of its own.";

export class Telling {
  #device;
  #isAble = false;
  #customer = null;
  #hasWritten = false;
  #busy = false;
  #problem = "";
  /** The message up to which notices were taken away. */
  #cleared = null;

  /** `onChange()`: the line says something else. `onShown()`: a notice stands. `onOpen()`: one was pressed. */
  constructor(api, { onChange, onShown, onOpen }) {
    this.onChange = onChange;
    this.#device = new Device(api, { name: "teamline.chat.device", worker: `/static/chat/worker.js${location.search}`, scope: "/chat" });
    this.words = h("p", { tabindex: "-1" });
    this.press = button("", { look: "plain", press: () => this.#turn() });
    this.element = h("li", { class: "tell" }, this.words, this.press);
    this.#device.watch(() => onChange());
    this.#device.listen(({ kind }) => {
      if (kind === "open") onOpen();
      this.#cleared = null;
      onShown();
    });
  }

  /** Who has written may be told of the answer, where the server can tell. */
  get isOn() { return this.#device.isOn; }
  get isOffered() { return Boolean(this.#isAble && this.#customer && this.#hasWritten); }

  /** The server knows this browser as this customer, {id}. */
  meet({ id }) {
    this.#customer = id;
    this.#device.meet(id).then(() => this.onChange(), () => {});
  }

  /** Nobody is known here any more. */
  forget() {
    this.#customer = null;
    this.#device.turnOff().catch(() => {});
  }

  /** `facts` as GET /thread has them. */
  render({ customer, push }, items) {
    this.#customer = customer?.id ?? null;
    this.#isAble = Boolean(push);
    this.#hasWritten = items.some((item) => item.direction === "in");
    const [words, label] = this.#standing();
    const hadFocus = document.activeElement === this.press;
    say(this.words, words);
    this.words.hidden = !words;
    say(this.press.lastElementChild, label);
    this.press.hidden = !label;
    if (hadFocus && !label) this.words.focus({ preventScroll: true });
  }

  /** What was seen is not told of any more; the icon counts what came after it. */
  read(message, items) {
    if (this.#cleared === message.id) return;
    this.#cleared = message.id;
    const after = items.slice(items.findIndex(({ id }) => id === message.id) + 1);
    const unread = after.filter(({ direction }) => direction === "out");
    this.#device.clear((notice) => !unread.some(({ id }) => id === notice.message), unread.length).catch(() => {});
  }

  /** [what is said, what the button says], "" for neither. */
  #standing() {
    if (this.#device.needsHomeScreen) return [HOME_SCREEN, ""];
    if (!this.#device.isAble) return [UNABLE, ""];
    if (this.#device.isRefused) return [REFUSED, ""];
    if (this.#device.isOn) return [ON, "Turn off"];
    return [this.#problem, OFFER];
  }

  async #turn() {
    if (this.#busy) return;
    this.#busy = true;
    this.#problem = "";
    try {
      if (this.#device.isOn) await this.#device.turnOff();
      else await this.#device.turnOn(this.#customer);
      announce(this.#device.isOn ? ON : this.#device.isRefused ? REFUSED : "You are not told here.");
    } catch (error) {
      this.#problem = `That did not work, and nothing was changed. ${error.message}`;
      announce(this.#problem);
    }
    this.#busy = false;
    this.onChange();
  }
}
