// Where the words of a question stand in a text, found as the server finds them: folded (case, accents), whole words,
// the last one as a beginning too, and scripts written without spaces character by character. Text in, pieces out.

const WORD = /[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f]|[\p{L}\p{N}]+/gu;
const SHORTEST_BEGINNING = 2;
const LEAD = 36;
const EXCERPT = 160;

const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").normalize("NFC").toLowerCase();

/** The folded text, and for each of its units where in the text it came from. */
function folded(text) {
  let plain = "";
  const from = [];
  let at = 0;
  for (const character of text) {
    const piece = fold(character);
    for (let unit = 0; unit < piece.length; unit += 1) from.push(at);
    plain += piece;
    at += character.length;
  }
  from.push(at);
  return { plain, from };
}

function wanted(question) {
  const words = fold(question).match(WORD) ?? [];
  const last = words.at(-1);
  const begins = last && last.length >= SHORTEST_BEGINNING && !/\s$/u.test(question);
  return (word) => words.includes(word) || (begins && word.startsWith(last));
}

/** [[text, found]], the text in pieces; put together they are the text again. */
export function marked(text, question) {
  const { plain, from } = folded(text);
  const isWanted = wanted(question);
  const pieces = [];
  let done = 0;
  for (const match of plain.matchAll(WORD)) {
    if (!isWanted(match[0])) continue;
    const [start, end] = [from[match.index], from[match.index + match[0].length]];
    if (start < done || end <= start) continue;
    if (start > done) pieces.push([text.slice(done, start), false]);
    pieces.push([text.slice(start, end), true]);
    done = end;
  }
  if (done < text.length) pieces.push([text.slice(done), false]);
  return pieces;
}

/** A few words around the first that was found, whitespace folded, in pieces. */
export function excerpt(text, question) {
  const line = text.slice(0, 16_000).replace(/\s+/gu, " ").trim();
  const pieces = marked(line, question);
  const first = pieces.findIndex(([, found]) => found);
  const before = first > 0 ? pieces.slice(0, first).reduce((sum, [piece]) => sum + piece.length, 0) : 0;
  if (before <= LEAD) return cut(pieces);
  const lead = pieces[first - 1][0];
  const near = [...lead.slice(-2 * LEAD)].slice(-LEAD).join("");
  return cut([[`…${near.slice(near.indexOf(" ") + 1)}`, false], ...pieces.slice(first)]);
}

function cut(pieces) {
  const kept = [];
  let room = EXCERPT;
  for (const [piece, found] of pieces) {
    if (room <= 0) break;
    const part = piece.length > room ? [...piece.slice(0, room + 1)].slice(0, -1).join("") : piece;
    kept.push([part, found]);
    room -= piece.length;
  }
  return kept;
}
