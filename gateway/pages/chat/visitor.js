// Whether this browser is known to the server, and what the server says of the team. The token is a cookie; here stands
// only that there is one, so that its end can be told from a first visit.

const RENEW_AFTER = 7 * 24 * 60 * 60_000;

export class Visitor {
  /** What GET /thread said last, null before. */
  facts = null;
  #api;
  #name;
  #meeting = Promise.resolve();

  /** `onFacts()`; `onEnded()`, awaited: the server does not know this browser any more. */
  constructor(api, channel, { onFacts, onEnded }) {
    this.#api = api;
    this.#name = `teamline.chat.${channel}.visitor`;
    Object.assign(this, { onFacts, onEnded });
  }

  get isKnown() { return Boolean(this.facts?.customer); }

  /** Whether an earlier conversation of this browser can no longer be shown here. */
  get hasEnded() { return Boolean(this.#remembered?.ended); }

  get #remembered() { return JSON.parse(localStorage.getItem(this.#name) ?? "null"); }

  #remember(change) {
    localStorage.setItem(this.#name, JSON.stringify({ ...this.#remembered, ...change }));
  }

  /** Asks how things stand, one question at a time. */
  meet() {
    this.#meeting = this.#meeting.catch(() => {}).then(() => this.#ask());
    return this.#meeting;
  }

  async #ask() {
    // Another tab may begin a conversation while this is under way: only what was remembered before can have ended.
    const before = this.#remembered?.customer ?? null;
    this.facts = await this.#api.facts().catch((error) => {
      if (error.status !== 401) throw error;
      return this.#api.facts({ known: false });
    });
    const now = this.facts.customer?.id ?? null;
    const remembered = this.#remembered?.customer ?? null;
    if (now ? now !== remembered : remembered && remembered === before) this.#remember({ customer: now, renewed: Date.now(), ...(before && !now ? { ended: true } : {}) });
    if (before && !now) await this.onEnded();
    this.onFacts();
    await this.#renew();
  }

  /** Once a week. A refusal changes nothing: the token is good until it ends. */
  async #renew() {
    if (!this.isKnown || Date.now() - this.#remembered.renewed < RENEW_AFTER) return;
    await this.#api.renew().then(() => this.#remember({ renewed: Date.now() }), () => {});
  }

  /** The server knows this browser when this resolves. It is asked again after a silence, since what is sent into one
   *  may or may not arrive. */
  async ensure() {
    if (this.isKnown && this.#api.well) return;
    await this.meet();
    if (this.isKnown) return;
    await this.#api.begin();
    await this.meet();
  }

  /** A request was refused as unknown: what was believed of this browser is void. */
  doubt() {
    if (this.facts) this.facts = { ...this.facts, customer: null };
  }
}
