// Writing first, to somebody who has not written: where to, the words, and the consent without which nothing leaves.
// What is missing is said in words beside its field; what was typed stays until the server has taken it.

import { h, icon, put, say } from "./dom.js";
import { go, href } from "./router.js";
import { segments } from "./segments.js";
import { addressName, channelName } from "./words.js";

const MISSING = {
  to: "Write the number or address it goes to.",
  body: "Write what you want to say.",
  who: "Write who agreed to be written to.",
  when: "Say when they agreed.",
  how: "Write how they agreed: on paper, by phone, on a form.",
};

/** A field with its label and the place for what is wrong with it. */
function field(id, label, input, hint = null) {
  const fault = h("p", { class: "danger", id: `begin-${id}-fault` });
  put(input, "id", `begin-${id}`);
  put(input, "aria-describedby", `begin-${id}-fault`);
  const element = h("div", { class: "field" }, h("label", { for: `begin-${id}` }, label), hint, input, fault);
  return { element, input, fault };
}

const localNow = () => new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

export class Begin extends HTMLElement {
  #desk;
  #doors = [];
  #key = null;

  start(desk) {
    this.#desk = desk;
    this.heading = h("h2", { tabindex: "-1" }, "New conversation");
    this.fields = {
      channel: field("channel", "Channel", h("select", { on: { change: () => this.#turned() } })),
      to: field("to", "To", h("input", { autocomplete: "off", spellcheck: "false", placeholder: "+1 303 555 0100" })),
      from: field("from", "From", h("select")),
      body: field("body", "Message", h("textarea", { rows: "4", dir: "auto", on: { input: () => this.#measure() } })),
      who: field("who", "Who agreed", h("input", { autocomplete: "off", maxlength: "255" })),
      when: field("when", "When", h("input", { type: "datetime-local" })),
      how: field("how", "How", h("input", { autocomplete: "off", maxlength: "1000", placeholder: "On the order form" })),
    };
    this.measure = h("span", { class: "quiet cost" });
    this.trouble = h("p", { class: "danger", role: "alert" });
    this.submit = h("button", { type: "submit", class: "button primary" }, icon("send"), h("span", {}, "Send"));
    this.form = h("form", { class: "begin-form", novalidate: true, on: { submit: (event) => this.#send(event), input: () => { this.#key = null; } } },
      this.fields.channel.element, this.fields.to.element, this.fields.from.element, this.fields.body.element,
      h("fieldset", {}, h("legend", {}, "Consent"), h("p", { class: "quiet" }, "Nobody is written to first without it. It is kept with the conversation."),
        this.fields.who.element, this.fields.when.element, this.fields.how.element),
      this.trouble, h("div", { class: "begin-foot" }, this.measure, this.submit));
    this.nothing = h("p", { class: "quiet none", hidden: true });
    const back = h("a", { class: "button plain back", href: href({ view: "waiting" }) }, icon("back"), h("span", {}, "Inbox"));
    this.append(h("section", { class: "begin", "aria-label": "New conversation" },
      h("header", {}, back, this.heading),
      h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "A first message" }, this.nothing, this.form)));
    desk.addEventListener("begun", () => !this.hidden && this.#read());
  }

  show(on) {
    const turned = this.hidden === on;
    this.hidden = !on;
    if (!turned || !on) return;
    this.heading.focus();
    put(this.fields.when.input, "max", localNow());
    if (this.#desk.store.me) this.#read();
  }

  async #read() {
    try {
      this.#doors = (await this.#desk.api.doors()).items;
      this.#draw(this.#doors.length ? "" : "No channel of your teams can be written from first. An admin sets one up.");
    } catch (error) {
      if (error.status !== 401) this.#draw(`This could not be read. ${error.message}`);
    }
  }

  #draw(nothing) {
    const { channel } = this.fields;
    const before = channel.input.value;
    this.form.hidden = Boolean(nothing);
    this.nothing.hidden = !nothing;
    say(this.nothing, nothing);
    channel.input.replaceChildren(...this.#doors.map((door) => h("option", { value: door.channel }, channelName(door.channel))));
    if (this.#doors.some((door) => door.channel === before)) channel.input.value = before;
    channel.element.hidden = this.#doors.length < 2;
    this.#turned();
    if (!nothing && document.activeElement === this.heading) (channel.element.hidden ? this.fields.to : channel).input.focus();
  }

  get #door() { return this.#doors.find((door) => door.channel === this.fields.channel.input.value); }

  #turned() {
    const endpoints = this.#door?.endpoints ?? [];
    const { from } = this.fields;
    from.input.replaceChildren(h("option", { value: "" }, "The first that fits"), ...endpoints.map((each) => h("option", { value: each }, addressName(each))));
    from.element.hidden = endpoints.length < 2;
    this.#measure();
  }

  #measure() {
    const body = this.fields.body.input.value;
    const over = [...body].length - (this.#door?.max_body ?? Infinity);
    this.measure.toggleAttribute("data-attention", over > 0);
    const count = segments(body).segments;
    const texts = this.#door?.channel === "sms" && count ? `SMS, ${count} ${count === 1 ? "segment" : "segments"}` : channelName(this.#door?.channel ?? "");
    say(this.measure, over > 0 ? `${over.toLocaleString("en")} characters too many` : texts);
  }

  /** Says beside each field what it lacks; answers the first that lacks something. */
  #lacking() {
    let first = null;
    for (const [name, words] of Object.entries(MISSING)) {
      const { input, fault } = this.fields[name];
      const wrong = !input.value.trim() ? words : name === "when" && new Date(input.value) > Date.now() ? "That is yet to come." : "";
      say(fault, wrong);
      if (wrong) put(input, "aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      first ??= wrong ? input : null;
    }
    return first;
  }

  get #opening() {
    const value = (name) => this.fields[name].input.value.trim();
    return {
      channel: this.#door.channel, address: value("to"), body: this.fields.body.input.value,
      consent: { who: value("who"), when: new Date(value("when")).toISOString(), how: value("how") },
      ...(value("from") ? { from: value("from") } : {}),
    };
  }

  async #send(event) {
    event.preventDefault();
    say(this.trouble, "");
    const lacking = this.#lacking();
    if (lacking) return lacking.focus();
    if (this.submit.getAttribute("aria-disabled") === "true") return;
    this.submit.setAttribute("aria-disabled", "true");
    this.#key ??= crypto.randomUUID();
    try {
      const { thread } = await this.#desk.api.begin(this.#opening, this.#key);
      this.#key = null;
      this.#desk.store.put(thread);
      this.form.reset();
      go({ view: "all", thread: thread.id });
    } catch (error) {
      say(this.trouble, `Not sent. ${error.message} What you wrote is kept here.`);
    } finally {
      this.submit.removeAttribute("aria-disabled");
    }
  }
}
customElements.define("tl-begin", Begin);
