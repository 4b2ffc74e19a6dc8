// What can be done about one booking, as its state allows: claim, hand back, call, note how it ended, move, cancel. The
// same buttons stand on the board, beside the thread and in the strip. What fails is said in its place.

import { callRuns } from "./booking-words.js";
import { isLeft, isUrgent } from "./bookings.js";
import { cancelForm, moveForm, outcomeForm } from "./booking-forms.js";
import { announce, button, h, icon, put, say } from "./dom.js";
import { go, place } from "./router.js";
import { addressName, firstName, personName } from "./words.js";

const FORMS = { outcome: outcomeForm, move: moveForm, cancel: cancelForm };
const SAID = { claim: "You have claimed it", release: "It is handed back" };
/** Milliseconds in which a press was meant for what stood there before. */
const STARTLED = 500;
const STANDS = new Set(["booked", "claimed", "ringing", "missed"]);

/** What the state tables of the server allow this person, and what it is called; `first` is what is to be done next. */
function possible(booking, me) {
  const { state, kind, call, claimed_by: claimed, begun_by: begun } = booking;
  const mine = claimed?.id === me.id;
  const inHand = state === "begun" && begun?.id === me.id;
  const again = inHand && kind === "call" && Boolean(call) && !callRuns(call);
  return {
    claim: state === "booked" && "Claim",
    call: (state === "ringing" || state === "missed" || again) && (again ? "Call again" : kind === "chat" ? "Open the chat" : "Call"),
    dial: kind === "call" && booking.dial && inHand && !call && `Dial ${addressName(booking.phone)}`,
    release: state === "begun" ? !callRuns(call) && (inHand ? "Hand back" : `Take off ${firstName(begun.name)}`) : claimed && (state === "claimed" ? (mine ? "Hand back" : `Take off ${firstName(claimed.name)}`) : state === "ringing" && mine && "Pass it on"),
    outcome: ["ringing", "begun", "missed"].includes(state) && !callRuns(call) && "Note how it ended",
    first: isLeft(booking) && !callRuns(call) ? "outcome" : inHand ? (call && !callRuns(call) ? "outcome" : "dial") : state === "booked" ? isUrgent(booking) && "claim" : "call",
    move: (STANDS.has(state) || isLeft(booking)) && "Move",
    cancel: (STANDS.has(state) || isLeft(booking)) && "Cancel",
  };
}

export class BookingActs {
  #desk;
  #booking = null;
  #form = null;
  #busy = false;
  #spare;
  #full;
  /** When it came to be about this booking, and whether it was about another before. */
  #since = 0;
  #turned = false;
  #quiet;

  /** `verbs`: those that are offered here. `quiet`: only what is to be done next is framed. `spare` is where the focus goes when the button that had it is gone. */
  constructor(desk, { verbs = ["claim", "call", "dial", "release", "outcome", "move", "cancel"], spare = () => {}, quiet = false } = {}) {
    this.#desk = desk;
    this.#spare = spare;
    this.#quiet = quiet;
    this.#full = verbs.includes("move");
    const press = (verb) => (event) => !this.#isStartled(event) && (verb in FORMS ? this.#open(verb) : this.do(verb));
    this.buttons = Object.fromEntries(verbs.map((verb) => [verb, verb === "dial"
      ? h("a", { class: "button" }, icon("phone"), h("span"))
      : button("", { icon: { claim: "claim", call: "phone", outcome: "note" }[verb], press: press(verb) })]));
    this.fault = h("p", { class: "danger", role: "alert" });
    this.ways = h("div", { class: "choices" }, Object.values(this.buttons));
    this.element = h("div", { class: "booking-acts" }, this.ways, this.fault);
  }

  show(booking) {
    if (booking.id !== this.#booking?.id) {
      this.#close(false);
      this.#since = performance.now();
      this.#turned = this.#booking !== null;
    }
    this.#booking = booking;
    const words = possible(booking, this.#desk.store.me);
    if (!this.#full && booking.state !== "begun") words.outcome = false;
    const left = this.ways.contains(document.activeElement) ? document.activeElement : null;
    for (const [verb, element] of Object.entries(this.buttons)) {
      element.hidden = !words[verb];
      say(element.lastElementChild, words[verb] || "");
      element.classList.toggle("primary", words.first === verb);
      element.classList.toggle("plain", this.#quiet && verb !== "claim" && words.first !== verb);
      if (words[verb]) put(element, "aria-label", `${words[verb]}: ${personName(booking.customer.name)}`);
    }
    if (this.buttons.dial) put(this.buttons.dial, "href", booking.dial ?? "");
    if (this.buttons.call) this.buttons.call.querySelector("use").setAttribute("href", `/static/console/icons.svg#${booking.kind === "chat" ? "chat" : "phone"}`);
    if (this.#form && !words[this.#form.verb]) this.#close();
    this.ways.hidden = Boolean(this.#form) || Object.values(this.buttons).every((each) => each.hidden);
    if (left?.hidden) this.#focus();
  }

  get isOpen() { return this.#form !== null; }

  /** The buttons have just come to where something else was, or to be about another booking: nobody can have meant that. A
   *  press by keyboard is only startled by the latter, since these take the focus from nobody. */
  #isStartled(event) { return performance.now() - this.#since < STARTLED && (event.detail > 0 || this.#turned); }

  #focus() { (Object.values(this.buttons).find((each) => !each.hidden && each.checkVisibility()) ?? { focus: this.#spare }).focus(); }

  /** "claim" hands back what one has already. */
  toggleClaim() {
    const verb = this.#booking.state === "booked" ? "claim" : this.#booking.claimed_by?.id === this.#desk.store.me.id ? "release" : null;
    const words = possible(this.#booking, this.#desk.store.me);
    return verb && words[verb] ? this.do(verb) : announce(this.#booking.claimed_by ? `${this.#booking.claimed_by.name} has it` : "It cannot be claimed now");
  }

  async do(verb) {
    if (this.#busy) return;
    this.#busy = true;
    this.element.setAttribute("aria-busy", "true");
    say(this.fault, "");
    const { id, kind, thread } = this.#booking;
    try {
      const booking = await this.#desk.bookings.act(id, verb);
      this.show(booking);
      if (SAID[verb]) announce(SAID[verb]);
      if (verb === "call" && kind === "chat") this.#write(thread);
    } catch (error) {
      this.#refuse(error);
    } finally {
      this.#busy = false;
      this.element.removeAttribute("aria-busy");
    }
  }

  #refuse(error) {
    if (error.status === 401) return;
    const phoneless = error.type?.endsWith("/no-phone");
    this.fault.replaceChildren(phoneless ? "A call rings your own phone first, and none is written down here. " : `That did not go through. ${error.message}`,
      ...(phoneless ? [button("Write down my phone", { press: () => document.querySelector("tl-me").open("phone") })] : []));
  }

  /** A chat is kept by writing: the thread is opened, with the focus where one writes. */
  #write(thread) {
    const write = () => document.querySelector("tl-thread").write("reply");
    if (place().thread === thread) return write();
    addEventListener("hashchange", write, { once: true });
    go({ view: "all", thread });
  }

  #open(verb) {
    this.#close(false);
    say(this.fault, "");
    const close = () => this.#close();
    this.#form = { verb, ...FORMS[verb](this.#desk, this.#booking, close) };
    this.element.append(this.#form.element);
    this.ways.hidden = true;
    this.#form.takeFocus();
  }

  #close(refocus = true) {
    if (!this.#form) return;
    const { verb, element } = this.#form;
    const had = element.contains(document.activeElement) || document.activeElement === document.body;
    element.remove();
    this.#form = null;
    this.ways.hidden = Object.values(this.buttons).every((each) => each.hidden);
    if (refocus && had) this.buttons[verb].hidden ? this.#focus() : this.buttons[verb].focus();
  }
}
