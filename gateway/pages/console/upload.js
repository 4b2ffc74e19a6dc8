// A file on its way to the server, with how much of it has left. It knows nothing of whose file it is.

import { NoAnswer, Problem } from "./api.js";

const PATIENCE = 10 * 60_000;

function answerOf({ responseText }, type) {
  return responseText && (type ?? "").includes("json") ? JSON.parse(responseText) : null;
}

/** `onProgress(part)` hears 0 to 1. Answers {id, name, type, size, state, ...}; raises Problem, or NoAnswer, also when
 *  `signal` has ended it. */
export function upload(path, blob, name, onProgress, signal = null) {
  const form = new FormData();
  form.append("file", blob, name);
  const request = new XMLHttpRequest();
  request.open("POST", path);
  request.timeout = PATIENCE;
  request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
  signal?.addEventListener("abort", () => request.abort());
  return new Promise((resolve, reject) => {
    request.addEventListener("loadend", () => {
      if (request.status === 0) return reject(new NoAnswer());
      const answer = answerOf(request, request.getResponseHeader("Content-Type"));
      if (request.status >= 200 && request.status < 300) resolve(answer);
      else reject(new Problem(request.status, answer ?? {}));
    });
    request.send(form);
  });
}
