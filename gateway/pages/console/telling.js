// The setting by which an agent is told on this device that a customer writes while no console is open. Nothing is asked
// before they turn it on. A console in sight takes the notices away: its inbox shows what they told of.

import { announce, h, put, say } from "./dom.js";
import { go } from "./router.js";

const OFFER = "Tell me on this device when a customer writes and the console is closed";
const UNABLE = "This browser cannot do that.";
const REFUSED = "This browser does not let the console do that; its settings for this page can change it.";
const HOME_SCREEN = "On this device, only a page on the home screen can: Share, then Add to Home Screen.";

export class Telling {
  #desk;
  #device;
  #hasKey = false;
  #busy = false;
  #problem = "";

  constructor(desk) {
    this.#desk = desk;
    this.#device = desk.device;
    this.choice = h("input", { type: "checkbox", role: "switch", "aria-describedby": "telling-words", on: { click: (event) => this.#turn(event) } });
    this.words = h("p", { id: "telling-words", class: "quiet", role: "status" });
    this.element = h("div", { class: "telling" });
    this.#device.watch(() => this.#render());
    this.#device.listen(({ kind, thread }) => kind === "open" && go({ view: "all", thread }));
    for (const type of ["begun", "following"]) desk.addEventListener(type, () => this.#look());
    document.addEventListener("visibilitychange", () => this.#look());
  }

  /** The setting is there where the server can push to browsers. */
  async ask() {
    this.#render();
    if (this.#hasKey) return;
    this.#hasKey = await this.#desk.api.pushKey().then(() => true, () => false);
    if (this.#hasKey) this.element.replaceChildren(h("label", { class: "habit" }, this.choice, h("span", {}, OFFER)), this.words);
    this.#render();
  }

  #look() {
    if (!document.hidden) this.#device.clear(() => true).catch(() => {});
  }

  #render() {
    const { isAble, isRefused, isOn, needsHomeScreen } = this.#device;
    this.choice.checked = isOn;
    put(this.choice, "aria-disabled", String(!isAble || isRefused));
    say(this.words, needsHomeScreen ? HOME_SCREEN : !isAble ? UNABLE : isRefused ? REFUSED : this.#problem);
  }

  /** The switch shows what is, not what is hoped for: it moves once that is so. */
  async #turn(event) {
    event.preventDefault();
    if (this.#busy || this.choice.getAttribute("aria-disabled") === "true") return;
    this.#busy = true;
    this.#problem = "";
    try {
      if (this.#device.isOn) await this.#device.turnOff();
      else await this.#device.turnOn(this.#desk.store.me.id);
      if (!this.#device.isRefused) announce(this.#device.isOn ? "You are told on this device." : "You are not told on this device.");
    } catch (error) {
      this.#problem = `That did not work, and nothing was changed. ${error.message}`;
    }
    this.#busy = false;
    this.#render();
  }
}
