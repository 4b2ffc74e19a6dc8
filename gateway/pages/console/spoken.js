// What arrives in the open thread, told to those who listen to the page: one message in its words, several by their
// number, and never faster than it can be spoken.

import { announce } from "./dom.js";
import { Pace } from "./pace.js";
import { preview } from "./words.js";

const EVERY = 2_000;

export class Spoken {
  #heard = [];
  #pace = new Pace(EVERY, () => this.#speak());

  hear(message) {
    this.#heard.push(message);
    this.#pace.soon();
  }

  #speak() {
    const [first, ...others] = this.#heard;
    this.#heard = [];
    announce(`${first.author.name}: ${others.length ? `${others.length + 1} new messages` : preview(first)}`);
  }
}
