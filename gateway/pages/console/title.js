// The title of the page: where one is, and before that what rings, so that a tab in the background shows it.

let where = "Teamline";
let mark = "";

function write() {
  const title = mark ? `(${mark}) ${where}` : where;
  if (document.title !== title) document.title = title;
}

export function titled(words) {
  where = words;
  write();
}

/** "" takes the mark away. */
export function marked(words) {
  mark = words;
  write();
}
