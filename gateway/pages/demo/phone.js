// The demo's phone: what a customer holds in their hand. It speaks to a loopback channel only, keeps what it has seen in this browser
// as a phone does, and sends a text under one id however often it has to try.

const POLL = 1_000;
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const part = (id) => document.getElementById(id);

/** The customer's own number, as people write it. */
export const own = (config) => spaced(config.number);

/** JSON there and back; raises when the answer is not 2xx or does not come within ten seconds. */
export async function ask(url, body) {
  const options = body ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : {};
  const response = await fetch(url, { ...options, cache: "no-store", signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw Object.assign(new Error(`The gateway answered ${response.status}.`), { status: response.status });
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

/** A number of the North American plan, set in groups. */
const spaced = (number) => number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1 $2 $3");

/** What stands under a bubble. */
function state(item) {
  if (item.refused) return "Not sent: the gateway refused it";
  return item.mine && !item.sent ? "Sending" : CLOCK.format(new Date(item.at));
}

/** When the company of this demo was founded: a phone that remembers another one starts anew. */
const born = (config) => config.past?.[0]?.at ?? "";

/** What was said before, as this customer's phone would have kept it. */
function fresh(config) {
  const items = (config.past ?? []).map(({ id, direction, body, at }) => (
    direction === "in" ? { id: `past-${id}`, mine: true, body, at, sent: true } : { id: `past-${id}`, mine: false, body, at, reported: true }
  ));
  return { born: born(config), after: 0, items };
}

/** A picture, or the name of any other file; the link lasts a day. */
function fileOf({ url, type, name }) {
  const link = document.createElement("a");
  link.href = url;
  link.className = "file";
  if (type.startsWith("image/")) {
    const picture = document.createElement("img");
    picture.src = url;
    picture.alt = "A picture from the team";
    link.append(picture);
  } else {
    link.textContent = name;
    link.dir = "auto";
  }
  return link;
}

export class Phone {
  /** A text was taken by the gateway; an answer has come. */
  onSent = () => {};
  onAnswer = () => {};

  #config;
  #name;
  /** {born, after, items: [{id, mine, body, at, sent?, refused?, reported?}]} */
  #memory;

  constructor(config) {
    this.#config = config;
    this.#name = `teamline.phone.${config.channel}.${config.number}`;
    const kept = JSON.parse(localStorage.getItem(this.#name) ?? "null");
    this.#memory = kept?.born === born(config) ? kept : fresh(config);
    part("with").textContent = config.team_name;
    part("number").textContent = spaced(config.team_number);
    part("team-mark").textContent = config.team_name.split(/\s+/u).map((word) => [...word][0]).slice(0, 2).join("").toUpperCase();
    part("form").addEventListener("submit", (event) => { event.preventDefault(); this.#write(); });
    part("words").addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("visibilitychange", () => document.hidden || this.#poll());
  }

  async live() {
    this.#draw();
    for (const line of part("messages").children) line.classList.remove("new");
    for (;;) {
      part("clock").textContent = CLOCK.format(new Date());
      if (!document.hidden) await this.#poll();
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
  }

  #keep() {
    localStorage.setItem(this.#name, JSON.stringify(this.#memory));
    this.#draw();
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#write();
  }

  #write() {
    const body = part("words").value;
    if (!body.trim()) return part("words").focus();
    this.#memory.items.push({ id: crypto.randomUUID(), mine: true, body, at: new Date().toISOString(), sent: false });
    part("words").value = "";
    part("words").focus();
    this.#keep();
    this.#poll();
  }

  #busy = false;

  /** Sends what is not sent, fetches what is new, and reports what has arrived. */
  async #poll() {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await this.#sendAll();
      await this.#fetch();
      await this.#reportAll();
      part("trouble").textContent = "";
    } catch (error) {
      part("trouble").textContent = `${error.status ? error.message : "The gateway cannot be reached."} Trying again; nothing is lost.`;
    } finally {
      this.#busy = false;
    }
  }

  async #sendAll() {
    const { channel, number, team_number: to } = this.#config;
    for (const item of this.#memory.items.filter((each) => each.mine && !each.sent && !each.refused)) {
      try {
        await ask(`/hooks/${channel}/messages`, { id: item.id, from: number, to, body: item.body });
        item.sent = true;
        this.onSent();
      } catch (error) {
        if (!(error.status >= 400 && error.status < 500) || error.status === 429) throw error;
        item.refused = true;
      }
      this.#keep();
    }
  }

  async #fetch() {
    const { channel, number } = this.#config;
    const query = new URLSearchParams({ number, after: this.#memory.after });
    const { items } = await ask(`/hooks/${channel}/messages?${query}`);
    for (const item of items) {
      this.#memory.after = Math.max(this.#memory.after, item.n);
      if (this.#memory.items.some((each) => each.id === item.id)) continue;
      this.#memory.items.push({ id: item.id, mine: false, body: item.body, files: item.files, at: item.at, reported: false });
    }
    if (!items.length) return;
    this.#keep();
    this.onAnswer();
  }

  async #reportAll() {
    for (const item of this.#memory.items.filter((each) => !each.mine && !each.reported)) {
      await ask(`/hooks/${this.#config.channel}/status`, { id: item.id, state: "delivered" });
      item.reported = true;
      this.#keep();
    }
  }

  #draw() {
    const list = part("messages");
    part("first").hidden = this.#memory.items.length > 0;
    this.#memory.items.forEach((item, place) => {
      const made = list.children[place] ?? list.appendChild(this.#bubble(item));
      made.lastElementChild.textContent = state(item);
    });
    if (list.childElementCount !== this.#drawn) part("talk").scrollTop = part("talk").scrollHeight;
    this.#drawn = list.childElementCount;
  }

  #drawn = 0;

  #bubble(item) {
    const line = document.createElement("li");
    line.className = `${item.mine ? "mine" : "theirs"} new`;
    const words = document.createElement("div");
    words.className = "words";
    words.dir = "auto";
    words.textContent = item.body;
    words.hidden = !item.body;
    line.append(...(item.files ?? []).map(fileOf), words, document.createElement("small"));
    return line;
  }
}
