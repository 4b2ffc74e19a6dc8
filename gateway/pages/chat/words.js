// What the page says of times, files and kinds of files. Values in, words out.

import { h, icon, put } from "../console/dom.js";
import { clock, day, sameDay } from "../console/time.js";

const WEEKDAY = new Intl.DateTimeFormat("en", { weekday: "long" });
const DAY = 24 * 60 * 60_000;
const UNITS = ["bytes", "KB", "MB", "GB"];
const KINDS = {
  "application/pdf": "PDF", "application/zip": "ZIP archive", "text/plain": "Text", "text/csv": "Table",
  "application/msword": "Document", "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Document",
  "application/vnd.ms-excel": "Table", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Table",
};
const FAMILIES = { image: "Picture", audio: "Sound", video: "Video", text: "Text" };

/** "21:00" today, "tomorrow at 07:00", "Monday at 07:00" within a week, "November 30 at 07:00" after that. */
export function upcoming(at, now = new Date()) {
  const then = new Date(at);
  if (sameDay(then, now)) return clock(at);
  if (sameDay(then, new Date(now.getTime() + DAY))) return `tomorrow at ${clock(at)}`;
  if (then - now < 6 * DAY) return `${WEEKDAY.format(then)} at ${clock(at)}`;
  return `${day(at, now)} at ${clock(at)}`;
}

/** "640 bytes", "24 KB", "1.3 MB". */
export function size(bytes) {
  const step = bytes < 1_000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const amount = bytes / 1_000 ** step;
  return `${step > 1 && amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${UNITS[step]}`;
}

export const isPicture = (type) => (type ?? "").startsWith("image/");

/** "PDF", "Picture", "File": what a media type is called. */
export const kind = (type) => KINDS[type] ?? FAMILIES[(type ?? "").split("/")[0]] ?? "File";

/** "PDF, 24 KB" */
export const about = (file) => [kind(file.type), file.size ? size(file.size) : ""].filter(Boolean).join(", ");

/** An icon of this page's own sheet. */
export function glyph(name) {
  const svg = icon(name);
  put(svg.firstElementChild, "href", `/static/chat/icons.svg#${name}`);
  return svg;
}

/** A button with an icon of this page's own sheet and a word. */
export function glyphButton(label, name, { look = "", press, ...attributes }) {
  return h("button", { type: "button", class: `button ${look}`.trim(), on: { click: press }, ...attributes },
    glyph(name), h("span", {}, label));
}
