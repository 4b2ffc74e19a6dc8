// What this browser keeps until the server has it: messages with their files, and files of one not yet sent. It is one
// IndexedDB store, shared by all tabs; where a browser allows none, the page's own memory, for as long as it is open.

const NAME = "teamline.chat";
const STORE = "kept";

const done = (request) => new Promise((resolve, reject) => {
  request.addEventListener("success", () => resolve(request.result));
  request.addEventListener("error", () => reject(request.error));
});

async function open() {
  const request = indexedDB.open(NAME, 1);
  request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE, { keyPath: "key" }));
  return done(request);
}

export class Kept {
  #database;
  #memory = new Map();

  /** `database` null: it is kept in memory. */
  constructor(database) {
    this.#database = database;
  }

  static async open() {
    return new Kept(await open().catch(() => null));
  }

  /** Everything of one channel, as it was put in. Times of writing order it, and places within one of them. */
  async all(channel) {
    const found = this.#database
      ? await done(this.#database.transaction(STORE).objectStore(STORE).getAll())
      : [...this.#memory.values()];
    return found.filter((each) => each.channel === channel).sort((a, b) => a.order - b.order);
  }

  /** Puts and removes in one step: all of it is done when this resolves, or none. */
  async change({ put = [], remove = [] }) {
    if (!this.#database) {
      for (const each of put) this.#memory.set(each.key, each);
      for (const key of remove) this.#memory.delete(key);
      return;
    }
    await this.#write((store) => {
      for (const each of put) store.put(each);
      for (const key of remove) store.delete(key);
    });
  }

  /** Each of these that is still there becomes what `turn` makes of it as it is now, whichever tab changed it last;
   *  null takes it out. */
  async edit(keys, turn) {
    if (!this.#database) {
      const turned = keys.filter((key) => this.#memory.has(key)).map((key) => [key, turn(this.#memory.get(key))]);
      return this.change({ put: turned.map(([, item]) => item).filter(Boolean), remove: turned.filter(([, item]) => !item).map(([key]) => key) });
    }
    return this.#write((store) => keys.forEach((key) => store.get(key).addEventListener("success", ({ target }) => {
      const turned = target.result && turn(target.result);
      if (turned) store.put(turned);
      else store.delete(key);
    })));
  }

  #write(act) {
    const transaction = this.#database.transaction(STORE, "readwrite");
    act(transaction.objectStore(STORE));
    return new Promise((resolve, reject) => {
      transaction.addEventListener("complete", () => resolve());
      transaction.addEventListener("abort", () => reject(transaction.error));
    });
  }
}

let last = 0;

/** A number that grows with each call, across reloads too. */
export function order() {
  last = Math.max(last + 0.001, Date.now());
  return last;
}
