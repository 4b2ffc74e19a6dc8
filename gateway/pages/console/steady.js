// An order that holds still. While somebody looks at a list, its rows stay where they are; what would have moved is
// counted and waits. This file owns that decision and knows nothing of the page.

export class Steady {
  shown = [];
  #versions = new Map();

  /** Takes the true order as it is. `version(id)` says which state of a row has been shown. */
  follow(order, version) {
    this.shown = order;
    this.#versions = new Map(order.map((id) => [id, version(id)]));
  }

  /** Keeps what stands; only what belongs below all of it is added, until there are `most`. `exists(id)`: whether a row
   *  is still there at all. */
  hold(order, version, { exists, most = Infinity }) {
    const kept = this.shown.filter(exists);
    const known = new Set(kept);
    const below = order.findLastIndex((id) => known.has(id)) + 1;
    const tail = order.slice(below, below + Math.max(0, most - kept.length));
    for (const id of tail) this.#versions.set(id, version(id));
    this.shown = [...kept, ...tail];
  }

  remove(id) {
    this.shown = this.shown.filter((each) => each !== id);
  }

  /** How many rows have something new and would stand higher among the others than they do. */
  waiting(order, version) {
    const places = new Map(order.map((id, place) => [id, place]));
    const stays = new Set();
    let lowest = -1;
    for (const id of this.shown) {
      const place = places.get(id) ?? -1;
      if (place > lowest) stays.add(id);
      lowest = Math.max(lowest, place);
    }
    return order.filter((id) => !stays.has(id) && this.#versions.get(id) !== version(id)).length;
  }
}
