// The live stream. It owns the cursor: an event is handed on once, and the next connection continues after it.
// A connection that is silent for too long is taken for dead, since a sleeping laptop is never told.

const SILENCE = 45_000;
const LONGEST_WAIT = 4_000;

/** Yields {id, kind, data} from the bytes of a text/event-stream (WHATWG HTML, "Server-sent events"). */
export class Parser {
  #rest = "";
  #kind = "";
  #data = [];
  #id = null;

  *feed(text) {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (this.#data.length) yield { id: this.#id, kind: this.#kind || "message", data: this.#data.join("\n") };
        this.#kind = "";
        this.#data = [];
      } else this.#field(line);
    }
  }

  #field(line) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.#kind = value;
    else if (name === "data") this.#data.push(value);
    else if (name === "id") this.#id = value;
  }
}

export class Feed {
  #api;
  #cursor = null;
  #stop = null;
  #attempt = 0;
  #wake = () => {};
  #heard = 0;

  /** `onEvent(kind, data)`, `onState("live" | "lost")`, `onSignedOut()`. */
  constructor(api, { onEvent, onState, onSignedOut }) {
    this.#api = api;
    Object.assign(this, { onEvent, onState, onSignedOut });
    addEventListener("online", () => this.#hurry());
    addEventListener("offline", () => this.#stop?.connection?.abort());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && Date.now() - this.#heard > SILENCE / 2) this.#stop?.connection?.abort();
      this.#hurry();
    });
  }

  /** Follow from where a list stood. */
  start(cursor) {
    this.stop();
    this.#cursor = cursor ?? null;
    this.#attempt = 0;
    this.#stop = { done: false, connection: null };
    this.#run(this.#stop);
  }

  stop() {
    if (!this.#stop) return;
    this.#stop.done = true;
    this.#stop.connection?.abort();
    this.#stop = null;
    this.#hurry();
  }

  #hurry() {
    this.#attempt = 0;
    this.#wake();
  }

  async #run(life) {
    while (!life.done) {
      const outcome = await this.#follow(life).catch(() => "lost");
      if (life.done) return;
      if (outcome === "signed-out") return this.onSignedOut();
      this.onState("lost");
      await this.#pause();
    }
  }

  /** Back-off with jitter, so that a server that comes back is not met by everyone at once. */
  #pause() {
    const wait = Math.min(LONGEST_WAIT, 500 * 2 ** this.#attempt++) * (0.5 + Math.random() / 2);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.#wake = () => { clearTimeout(timer); resolve(); };
    });
  }

  async #follow(life) {
    const connection = new AbortController();
    life.connection = connection;
    const watch = setInterval(() => Date.now() - this.#heard > SILENCE && connection.abort(), 5_000);
    this.#heard = Date.now();
    try {
      const response = await this.#api.events(this.#cursor, connection.signal);
      if (response.status === 401) return "signed-out";
      if (!response.ok) return "lost";
      this.onState("live");
      await this.#consume(response.body.getReader(), life);
    } finally {
      clearInterval(watch);
    }
    return "lost";
  }

  async #consume(reader, life) {
    const parser = new Parser();
    const decoder = new TextDecoder();
    for (;;) {
      const { value, done } = await reader.read();
      if (done || life.done) return;
      this.#heard = Date.now();
      this.#attempt = 0;
      for (const event of parser.feed(decoder.decode(value, { stream: true }))) {
        if (event.id !== null) this.#cursor = event.id;
        this.onEvent(event.kind, JSON.parse(event.data));
      }
    }
  }
}
