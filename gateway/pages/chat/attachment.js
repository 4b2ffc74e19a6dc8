// Files of a message as they are seen: a picture small, any other file by name, kind and size. A name is text in its own
// direction; a link leads to our own files and nowhere else.

import { button, h, icon, isolated } from "../console/dom.js";
import { about, glyph, isPicture } from "./words.js";

const OWN = (url) => (url && new URL(url, location.href).origin === location.origin ? url : null);

/** No picture takes more of the thread than this; its place is kept before it has come. */
const WIDEST = 360;
const HIGHEST = 300;

function picture(file, open, lost) {
  const scale = Math.min(1, WIDEST / file.width, HIGHEST / file.height);
  const [width, height] = [file.width, file.height].map((length) => Math.max(1, Math.round(length * scale)));
  const image = h("img", { src: OWN(file.thumb_url) ?? OWN(file.url), alt: file.name, width, height, decoding: "async" });
  const line = h("a", { class: "picture", href: OWN(file.url), target: "_blank", rel: "noopener", on: {
    click: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open(file);
    },
  } }, image);
  image.addEventListener("error", () => {
    line.replaceChildren(icon("picture"), isolated(file.name));
    lost();
  }, { once: true });
  return line;
}

function download(file, open) {
  return h("a", { class: "file", href: OWN(file.url), download: file.name, on: { click: (event) => open(file, event) } },
    icon("file"), h("span", { class: "file-words" }, isolated(file.name, { class: "file-name" }), h("span", { class: "file-about" }, about(file))),
    glyph("download"), h("span", { class: "unseen" }, "Download"));
}

const NOT_READY = { waiting: "is being checked", failed: "could not be shown" };

function absent(file, missing) {
  const [title, more] = missing?.(file) ?? [isolated(file.name), file.detail ?? NOT_READY[file.state] ?? file.state];
  return h("p", { class: "file absent" }, icon(isPicture(file.type) ? "picture" : "file"),
    h("span", { class: "file-words" }, h("span", { class: "file-name" }, title), more ? h("span", { class: "file-about" }, more) : null));
}

/** `show(file)` opens a picture, `fetch(file, event)` is asked before a file is downloaded, `lost()` hears of a picture
 *  that did not load; `missing(file)` is what is said of one that is not ready, [first line, second]. */
export function attachments(files, { show, fetch, lost = () => {}, missing = null }) {
  return files.map((file) => {
    if (file.state !== "ready" || !OWN(file.url)) return absent(file, missing);
    return isPicture(file.type) && file.width ? picture(file, show, lost) : download(file, fetch);
  });
}

const previews = new WeakMap();

/** An address of a picture that is still here only; the same one for the same bytes. */
function preview(blob) {
  if (!previews.has(blob)) previews.set(blob, URL.createObjectURL(blob));
  return previews.get(blob);
}

/** A file that no message has yet. `remove`, if it may still be taken away; `more` stands under its name. */
export function ownFile(file, remove = null, more = []) {
  const look = isPicture(file.type) && file.blob
    ? h("img", { src: preview(file.blob), alt: "", class: "file-preview" }) : icon("file");
  return h("div", { class: "file own" }, look,
    h("span", { class: "file-words" }, isolated(file.name, { class: "file-name" }), h("span", { class: "file-about" }, about(file)), more),
    remove && button("Remove", { look: "plain", press: remove, "aria-label": `Remove ${file.name}` }));
}
