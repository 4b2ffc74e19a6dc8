// Files on their way into a message: picked, pasted or dropped. What the team's channel does not take is refused in
// words before anything leaves; what only the server can know, it says later.

import { kind, size } from "./words.js";

/** A few that a browser does not name by itself. */
const BY_NAME = { heic: "image/heic", heif: "image/heif", pdf: "application/pdf", jpg: "image/jpeg", png: "image/png" };

const typeOf = (file) => file.type || BY_NAME[file.name.split(".").at(-1).toLowerCase()] || "application/octet-stream";

const takes = (types, type) => types.some((each) => each === type || (each.endsWith("/*") && type.startsWith(each.slice(0, -1))));

/** "Pictures, PDF" */
const listed = (types) => [...new Set(types.map((type) => (type.startsWith("image/") ? "pictures" : kind(type))))].join(", ");

/** Why a file cannot come along with those that do, null if it can. `accepts` is the server's {max_files, max_file_bytes,
 *  types}, or nothing: the bytes are those of all of them, and no types are all that it stores. */
function objection(file, type, others, accepts) {
  const total = others.reduce((sum, other) => sum + other.size, file.size);
  if (!file.size) return "it is empty, or a folder";
  if (accepts?.types.length && !takes(accepts.types, type)) return `this kind of file is not taken here. What is: ${listed(accepts.types)}`;
  if (accepts?.max_file_bytes && file.size > accepts.max_file_bytes) return `it has ${size(file.size)}, and ${size(accepts.max_file_bytes)} is the most`;
  if (accepts?.max_file_bytes && total > accepts.max_file_bytes) return `with the others it is more than ${size(accepts.max_file_bytes)}; send it with the next one`;
  if (accepts?.max_files && others.length >= accepts.max_files) return `a message takes ${accepts.max_files} ${accepts.max_files === 1 ? "file" : "files"}; send it with the next one`;
  return null;
}

/** {taken: [{name, type, size, blob}], refused: [{name, why}]} */
export function sort(files, already, accepts) {
  const taken = [];
  const refused = [];
  for (const file of files) {
    const type = typeOf(file);
    const why = objection(file, type, [...already, ...taken], accepts);
    if (why) refused.push({ name: file.name || "A file", why });
    else taken.push({ name: file.name || `${kind(type)}`, type, size: file.size, blob: file });
  }
  return { taken, refused };
}

const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

/** Files may be dropped anywhere on the page; `place` is marked while they hang over it. */
export function dropping(place, take) {
  let depth = 0;
  const mark = (by) => {
    depth = Math.max(0, depth + by);
    place.toggleAttribute("data-dropping", depth > 0);
  };
  addEventListener("dragenter", (event) => hasFiles(event) && mark(1));
  addEventListener("dragleave", (event) => hasFiles(event) && mark(-1));
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(-depth);
    take([...event.dataTransfer.files]);
  });
}
