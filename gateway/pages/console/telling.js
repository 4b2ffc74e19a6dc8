// The setting by which an agent is told on this device that a customer writes, or a booking rings, while no console is in
// sight. Nothing is asked before they turn it on. A console in sight takes the notices away: it shows what they told of.

import { announce, h, put, say } from "./dom.js";
import { go } from "./router.js";

const OFFER = "Tell me when nobody is looking";
const MEANS = "On this device, when a customer writes or a booking rings and no console is in sight.";
const NONE = "This gateway sends nothing to browsers: an admin has not set it up.";
const UNABLE = "This browser cannot do that.";
const REFUSED = "Blocked: this browser does not let the console do that; its settings for this page can change it.";
const HOME_SCREEN = "On this device, only a page on the home screen can: Share, then Add to Home Screen.";

export class Telling {
  #desk;
  #device;
  #busy = false;
  #problem = "";

  constructor(desk) {
    this.#desk = desk;
    this.#device = desk.device;
    this.choice = h("input", { type: "checkbox", role: "switch", "aria-describedby": "telling-words", on: { click: (event) => this.#turn(event) } });
    this.words = h("p", { id: "telling-words", class: "quiet", role: "status" });
    this.element = h("div", { class: "telling" }, h("label", { class: "habit" }, this.choice, h("span", {}, OFFER)), this.words);
    this.#device.watch(() => this.render());
    this.#device.listen(({ kind, thread }) => kind === "open" && go({ view: "all", thread }));
    for (const type of ["begun", "following"]) desk.addEventListener(type, () => this.#look());
    document.addEventListener("visibilitychange", () => this.#look());
  }

  #look() {
    if (!document.hidden) this.#device.clear(() => true).catch(() => {});
  }

  render() {
    const hindered = this.#hindered();
    this.choice.checked = this.#device.isOn && !hindered;
    put(this.choice, "aria-disabled", String(Boolean(hindered)));
    say(this.words, hindered || this.#problem || MEANS);
  }

  /** Why it cannot be turned on here, "" when it can. */
  #hindered() {
    if (!this.#desk.store.me?.push) return NONE;
    if (this.#device.needsHomeScreen) return HOME_SCREEN;
    if (!this.#device.isAble) return UNABLE;
    return this.#device.isRefused ? REFUSED : "";
  }

  /** The switch shows what is, not what is hoped for: it moves once that is so. */
  async #turn(event) {
    event.preventDefault();
    if (this.#busy || this.#hindered()) return;
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
    this.render();
  }
}
