// How one thing in the thread looks: a message, words on their way, a day, a line of the page's own.
// Bodies are text nodes in a block of their own direction, so that nothing in them can act on what stands around.

import { button, h, icon, isolated } from "../console/dom.js";
import { clock, exact } from "../console/time.js";
import { hue, initials } from "../console/words.js";
import { attachments, ownFile } from "./attachment.js";
import { glyph } from "./words.js";

const LINK = /https?:\/\/[^\s<>"]+[^\s<>"'.,:;!?)\]}]/giu;

const when = (at) => h("time", { datetime: at, title: exact(at) }, clock(at));

/** The text with its web addresses as links; put together it is the text again. */
function linked(text) {
  const pieces = [];
  let done = 0;
  for (const match of text.matchAll(LINK)) {
    if (!URL.canParse(match[0])) continue;
    pieces.push(text.slice(done, match.index), h("a", { href: match[0], target: "_blank", rel: "noopener noreferrer nofollow" }, match[0]));
    done = match.index + match[0].length;
  }
  return [...pieces, text.slice(done)];
}

const body = (text) => (text ? h("div", { class: "body", dir: "auto" }, linked(text)) : null);

/** `head`: whether author and time stand above it; they are there for screen readers in any case. */
function frame(look, head, { name, at }, ...content) {
  return h("li", { class: `message ${look}` },
    head && look === "theirs" ? h("span", { class: "face", hue: hue("agent", name), "aria-hidden": "true" }, initials(name)) : null,
    h("div", { class: head ? "message-head" : "message-head unseen" }, isolated(name), " ", when(at)), ...content);
}

/** `foot`: a line under the newest of one's own. */
export function messageElement(message, { head, foot, show, fetch }) {
  const mine = message.direction === "in";
  const files = message.attachments ?? [];
  const pictures = files.length > 0 && !message.body && files.every((file) => file.state === "ready" && file.width);
  return frame(mine ? "mine" : "theirs", head, { name: mine ? "You" : message.author.name, at: message.at },
    h("div", { class: pictures ? "bubble bare" : "bubble" }, body(message.body), attachments(files, { show, fetch })),
    foot ? h("p", { class: "message-state" }, foot) : null);
}

const HELD = {
  old: "Written earlier and never sent. It goes out only if you say so.",
  parted: "This may have arrived in your earlier conversation. It goes out again only if you say so.",
};

function stateWords(item, { leaving, progress, connected }) {
  if (item.refused) return item.refused.file ? ["Not sent. ", isolated(item.refused.file), `: ${item.refused.detail}`] : [`Not sent. ${item.refused.detail}`];
  if (item.held) return [HELD[item.held]];
  if (leaving && item.files.length && progress < 1) return [`Sending, ${Math.floor(progress * 100)} %`];
  if (item.tried && !leaving) return ["No answer came yet. It is asked for again, and counts once."];
  if (item.problem && !leaving) return [`Waits. ${item.problem}`];
  return [connected ? "Sending" : "Waits for the network"];
}

/** Words on their way. `choose(item, "again" | "edit" | "remove")` is told what a person decided. */
export function pendingElement(item, standing, choose) {
  const stuck = Boolean(item.refused || item.held);
  const stays = !item.tried && !standing.leaving && (!standing.connected || item.problem || !standing.first);
  const choice = (label, decision, look = "") => button(label, { look, press: () => choose(item, decision) });
  const choices = [
    item.held && choice("Send now", "again"), item.refused && choice("Edit", "edit"),
    (stuck || stays) && choice("Remove", "remove", stuck ? "" : "plain"),
  ].filter(Boolean);
  const uploading = standing.leaving && item.files.length > 0 && standing.progress < 1;
  return frame(stuck ? "mine pending stuck" : "mine pending", true, { name: "You", at: item.at },
    h("div", { class: "bubble" }, body(item.body), item.files.map((file) => ownFile(file))),
    uploading && h("progress", { max: "1", value: String(standing.progress), "aria-label": "Files sent" }),
    h("div", { class: stuck ? "message-state attention" : "message-state", role: item.refused ? "alert" : null },
      stuck ? icon("alert") : glyph("clock"), h("span", { class: "state-words" }, stateWords(item, standing)), choices));
}

export const dayElement = (words) => h("li", { class: "day" }, h("span", {}, words));
export const newElement = () => h("li", { class: "day fresh" }, h("span", {}, "New since you were here"));
export const bookedElement = ({ at, words }) => h("li", { class: "quiet-line booked-line" }, words, " · ", when(at));
export const lineElement = (words) => h("li", { class: "quiet-line" }, words);
