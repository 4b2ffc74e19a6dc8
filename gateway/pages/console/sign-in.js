// The sign-in. It asks for a login and a password, says what is wrong in words, and keeps neither.

import { h } from "./dom.js";
import { ownsFocus } from "./embedding.js";

export class SignIn extends HTMLElement {
  #desk;
  #fault = h("p", { class: "danger", role: "alert" });
  #login = h("input", { id: "login", name: "login", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true });
  #password = h("input", { id: "password", name: "password", type: "password", autocomplete: "current-password", required: true });
  #submit = h("button", { class: "button primary", type: "submit" }, "Sign in");
  #reason = h("p", { class: "quiet" });

  start(desk) {
    this.#desk = desk;
    const form = h("form", { class: "sign-in-card", on: { submit: (event) => this.#send(event) } },
      h("img", { src: "/static/console/mark.svg", width: "40", height: "40", alt: "" }), h("h1", {}, "Teamline"), this.#reason,
      h("div", { class: "field" }, h("label", { for: "login" }, "Login"), this.#login),
      h("div", { class: "field" }, h("label", { for: "password" }, "Password"), this.#password),
      this.#fault, this.#submit);
    this.append(h("main", { "aria-label": "Sign in" }, form));
  }

  /** Shows the form. `again` when a session ended while somebody was at work. */
  show({ again }) {
    this.hidden = false;
    this.#reason.textContent = again
      ? "Your session has ended. What you were writing is kept."
      : "Sign in to read and answer your team's messages.";
    this.#fault.textContent = "";
    if (ownsFocus()) (this.#login.value ? this.#password : this.#login).focus();
  }

  async #send(event) {
    event.preventDefault();
    if (this.#submit.getAttribute("aria-disabled") === "true") return;
    this.#submit.setAttribute("aria-disabled", "true");
    this.#fault.textContent = "";
    try {
      const me = await this.#desk.api.signIn(this.#login.value.trim(), this.#password.value);
      this.#password.value = "";
      this.hidden = true;
      await this.onSignedIn(me);
    } catch (error) {
      this.#fault.textContent = error.status === 401 ? "Login or password is wrong. Nothing was changed." : error.message;
      this.#password.select();
    } finally {
      this.#submit.removeAttribute("aria-disabled");
    }
  }
}
customElements.define("tl-sign-in", SignIn);
