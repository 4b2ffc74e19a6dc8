// Files that go along with a reply that is being written, by thread. Each leaves as soon as it is added, so that the
// reply need not wait; what the server refuses stays in sight until a person takes it away.

import { sort } from "../chat/picking.js";
import { kind } from "../chat/words.js";
import { NoAnswer } from "./api.js";

/** {max_files, max_file_bytes, types} of a way, as `sort` wants them. */
const accepts = (way) => way && { max_files: way.max_files, max_file_bytes: way.max_file_bytes ?? 0, types: way.file_types ?? [] };

export class Attached {
  #api;
  #store;
  #files = new Map();

  constructor(api, store) {
    this.#api = api;
    this.#store = store;
  }

  /** [{key, name, type, size, state: "leaving" | "ready" | "broken" | "refused", progress, detail?, id?, blob?}] */
  of(thread) { return this.#files.get(thread) ?? []; }

  /** Whether all of them are with the server. */
  ready(thread) { return this.of(thread).every((file) => file.state === "ready"); }

  /** Takes files in as far as `way` takes them. Answers what was refused: [{name, why}]. */
  add(thread, files, way) {
    if (way && !way.max_files) return files.map((file) => ({ name: file.name || "A file", why: "this way to the customer takes no files" }));
    const { taken, refused } = sort(files, this.of(thread), accepts(way));
    const fresh = taken.map((file) => ({ ...file, key: crypto.randomUUID(), state: "leaving", progress: 0, stop: new AbortController() }));
    this.#put(thread, [...this.of(thread), ...fresh]);
    for (const file of fresh) this.#upload(thread, file);
    return refused;
  }

  remove(thread, file) {
    file.stop?.abort();
    this.#put(thread, this.of(thread).filter((each) => each !== file));
  }

  again(thread, file) {
    Object.assign(file, { state: "leaving", progress: 0, detail: "", stop: new AbortController() });
    this.#upload(thread, file);
    this.#store.touch(thread);
  }

  /** Hands them on to be sent. */
  take(thread) {
    const files = this.of(thread).map(({ id, name, type, size }) => ({ id, name, type, size }));
    this.#put(thread, []);
    return files;
  }

  /** Those of a reply that came back. */
  restore(thread, files) {
    this.#put(thread, [...files.map((file) => ({ ...file, key: crypto.randomUUID(), state: "ready" })), ...this.of(thread)]);
  }

  #put(thread, files) {
    if (files.length) this.#files.set(thread, files);
    else this.#files.delete(thread);
    this.#store.touch(thread);
  }

  async #upload(thread, file) {
    try {
      const { id, name, type, size } = await this.#api.upload(file.blob, file.name, (part) => {
        file.progress = part;
        this.#store.stir(thread);
      }, file.stop.signal);
      Object.assign(file, { id, name, type, size, state: "ready" });
    } catch (error) {
      const lost = error instanceof NoAnswer;
      Object.assign(file, { state: error.lasting ? "refused" : "broken", detail: lost ? "It did not arrive." : error.message });
    }
    this.#store.touch(thread);
  }
}

/** Why these files do not go by this way, "" if they do. */
export function misfit(files, way) {
  if (!files.length || !way) return "";
  const bytes = files.reduce((sum, file) => sum + (file.size ?? 0), 0);
  if (files.length > way.max_files) return way.max_files ? `At most ${way.max_files} files go by this way` : "No files go by this way";
  if (way.max_file_bytes && bytes > way.max_file_bytes) return "The files are too large together for this way";
  const other = way.file_types?.length ? files.find((file) => !way.file_types.includes(file.type)) : null;
  return other ? `${kind(other.type)} files do not go by this way` : "";
}
