// The small forms of one booking: how it ended, another time for it, and whether it is really to be cancelled. Each is
// made when it is opened, says what failed beside itself, and keeps what was typed until the server has taken it.

import { button, h, say } from "./dom.js";
import { OUTCOMES } from "./booking-words.js";
import { SlotPicker, nextFree } from "./slot-picker.js";

let made = 0;

/** {element, first}: a form with its buttons. `submit()` does it and may raise; `close()` is called when it is done or
 *  left. */
function frame(label, word, { submit, close, look = "primary", leave = "Back" }, ...parts) {
  const fault = h("p", { class: "danger", role: "alert" });
  const confirm = h("button", { class: `button ${look}`.trim(), type: "submit" }, word);
  const send = async (event) => {
    event.preventDefault();
    if (confirm.getAttribute("aria-disabled") === "true") return;
    confirm.setAttribute("aria-disabled", "true");
    say(fault, "");
    try {
      const lacking = await submit();
      if (lacking) say(fault, lacking);
      else close();
    } catch (error) {
      if (error.status !== 401) say(fault, `That did not go through. ${error.message}${nextFree(error)}`);
    } finally {
      confirm.removeAttribute("aria-disabled");
    }
  };
  const keydown = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close();
  };
  return h("form", { class: "booking-form", novalidate: true, "aria-label": label, on: { submit: send, keydown } }, parts, fault,
    h("div", { class: "choices" }, confirm, button(leave, { press: close })));
}

export function outcomeForm(desk, booking, close) {
  const name = `outcome-${made += 1}`;
  const note = h("textarea", { id: `${name}-note`, rows: "2", maxlength: "16000", dir: "auto" });
  const choices = Object.entries(OUTCOMES[booking.kind]).map(([value, words]) =>
    h("label", { class: "time-chip" }, h("input", { type: "radio", name, value }), h("span", {}, words)));
  const picked = () => element.querySelector("input:checked")?.value;
  const submit = async () => {
    if (!picked()) return "Choose how it ended.";
    const words = note.value.trim() ? { note: note.value } : {};
    await desk.bookings.act(booking.id, "outcome", { outcome: picked(), ...words });
    return "";
  };
  const element = frame("How it ended", "Note it", { submit, close },
    h("fieldset", { class: "slot-times" }, h("legend", {}, "How did it end"), h("div", { class: "times" }, choices)),
    h("div", { class: "field" }, h("label", { for: note.id }, "Note for your team"), note));
  return { element, takeFocus: () => element.querySelector("input").focus() };
}

export function moveForm(desk, booking, close) {
  const picker = new SlotPicker(desk);
  const read = () => picker.read(booking.thread, booking.kind, booking.start);
  const submit = async () => {
    if (!picker.value) return "Choose a time.";
    const slot = picker.value;
    try {
      await desk.bookings.change(`${booking.id}|move|${slot}`, () => desk.api.moveBooking(booking.id, slot));
    } catch (error) {
      if (error.facts?.slots) await read();
      throw error;
    }
    return "";
  };
  const element = frame("Another time", "Move it", { submit, close }, picker.element);
  const reading = read();
  return { element, takeFocus: () => reading.then(() => element.isConnected && picker.takeFocus()) };
}

export function cancelForm(desk, booking, close) {
  const submit = async () => {
    await desk.bookings.change(`${booking.id}|cancel`, () => desk.api.cancelBooking(booking.id));
    return "";
  };
  const element = frame("Cancel this booking", "Cancel the booking", { submit, close, look: "", leave: "Keep it" },
    h("p", {}, `Nobody will ${booking.kind === "call" ? "call" : "be there"} then, and ${booking.customer.name ? "the customer" : "they"} can book anew. Nothing is sent to tell them: write to them yourself.`));
  return { element, takeFocus: () => element.querySelector("button:last-of-type").focus() };
}
