// How many segments a text message takes. GSM 7-bit where every character is in it, else UCS-2 (3GPP TS 23.038).
// One message holds 160 septets or 70 units; parts of a longer one hold 153 or 67 (3GPP TS 23.040). Neither an escaped
// character nor what is seen as one character (a pair, an accent set over a letter, a family of emoji) is split between
// two parts, as Twilio counts it: tests/pages/test_segments.py compares with Twilio's own calculator.

const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const ESCAPED = new Set("\f^{}\\[~]|€");
const SEEN = new Intl.Segmenter("en", { granularity: "grapheme" });

const septets = (characters) => characters.map((character) => (ESCAPED.has(character) ? 2 : 1));

/** Units of each piece that stays whole. A line break of two characters is two pieces, and one that no part can hold is
 *  cut between its characters. */
function units(text, most) {
  return Array.from(SEEN.segment(text), ({ segment }) => segment)
    .flatMap((piece) => (piece === "\r\n" || piece.length > most ? [...piece] : [piece]))
    .map((piece) => piece.length);
}

/** {encoding: "GSM-7" | "UCS-2", segments, left}: `left` is how many units the last segment still holds. */
export function segments(text) {
  const characters = [...text];
  const gsm = characters.every((character) => BASIC.has(character) || ESCAPED.has(character));
  const [encoding, single, part] = gsm ? ["GSM-7", 160, 153] : ["UCS-2", 70, 67];
  const costs = gsm ? septets(characters) : units(text, part);
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  if (total <= single) return { encoding, segments: total ? 1 : 0, left: single - total };
  let count = 1;
  let used = 0;
  for (const cost of costs) {
    if (used + cost > part) {
      count += 1;
      used = 0;
    }
    used += cost;
  }
  return { encoding, segments: count, left: part - used };
}
