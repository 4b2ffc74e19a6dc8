// The three views of the inbox, each as far as it was read: ids in order, found by halving, so that an event costs the
// same in front of a hundred threads and a hundred thousand. A list holds no rows and asks nobody for any.

export const VIEWS = ["waiting", "mine", "all"];

const lastSaid = (row) => row.last_message?.at ?? "";
const RULES = {
  waiting: { holds: (row) => Boolean(row.waiting_since), key: (row) => row.waiting_since ?? "", sign: 1 },
  mine: { holds: (row, me) => row.claimed_by?.id === me.id, key: lastSaid, sign: -1 },
  all: { holds: () => true, key: lastSaid, sign: -1 },
};

export class List {
  loaded = false;
  /** The server's cursor for the next page, null when all was read. */
  next = null;
  busy = false;
  turn = 0;
  ids = [];
  #keys = new Map();
  #edge = null;
  #rule;

  constructor(name) { this.#rule = RULES[name]; }

  has(id) { return this.#keys.has(id); }

  clear() {
    Object.assign(this, { loaded: false, next: null, ids: [] });
    this.#keys.clear();
    this.#edge = null;
  }

  /** A page was read: its rows belong here, and beyond the last of them nothing is known. */
  take(page, me) {
    this.loaded = true;
    this.next = page.next ?? null;
    this.#edge = this.next && page.items.length ? this.#rule.key(page.items.at(-1)) : null;
    for (const row of page.items) this.place(row, me);
  }

  /** Puts a row where it belongs now, or nowhere. Answers whether it is here. */
  place(row, me) {
    this.remove(row.id);
    const { holds, key, sign } = this.#rule;
    const own = key(row);
    if (!this.loaded || !holds(row, me) || (this.#edge !== null && this.#compare(own, this.#edge) > 0)) return false;
    this.#keys.set(row.id, own);
    this.ids.splice(this.#find(own, row.id), 0, row.id);
    return true;
  }

  remove(id) {
    const key = this.#keys.get(id);
    if (key === undefined) return;
    this.ids.splice(this.#find(key, id), 1);
    this.#keys.delete(id);
  }

  #compare(a, b) { return a === b ? 0 : (a < b ? -1 : 1) * this.#rule.sign; }

  /** Where (key, id) stands or would stand. */
  #find(key, id) {
    let [low, high] = [0, this.ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.ids[middle];
      const order = this.#compare(this.#keys.get(other), key) || (other < id ? -1 : other > id ? 1 : 0);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
