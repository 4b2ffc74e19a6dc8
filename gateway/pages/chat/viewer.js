// One picture, as large as the window allows. Escape, Close and a press beside it lead back to where one was.

import { button, h, isolated, say } from "../console/dom.js";
import { glyph } from "./words.js";

export class Viewer {
  constructor() {
    this.image = h("img", { alt: "" });
    this.name = isolated("", { id: "picture-name" });
    this.link = h("a", { class: "button" }, glyph("download"), h("span", {}, "Download"));
    this.element = h("dialog", { class: "viewer", "aria-labelledby": "picture-name", on: {
      click: (event) => event.target === this.element && this.element.close(), close: () => this.image.removeAttribute("src"),
    } },
    h("header", {}, h("h2", {}, this.name), this.link, button("Close", { icon: "close", press: () => this.element.close() })),
    h("div", { class: "viewer-room" }, this.image));
  }

  /** `again`, where there is one, finds the picture anew when it does not load: its address may have ended. */
  show(file, again = null) {
    this.image.onerror = again && (async () => {
      this.image.onerror = null;
      this.#point(await again().catch(() => file));
    });
    this.#point(file);
    this.image.setAttribute("alt", file.name);
    say(this.name, file.name);
    this.element.showModal();
  }

  #point(file) {
    this.image.setAttribute("src", file.url);
    this.link.setAttribute("href", file.url);
    this.link.setAttribute("download", file.name);
  }
}
