// How many segments a text message takes. GSM 7-bit where every character is in it, else UCS-2 (3GPP TS 23.038).
// One message holds 160 septets or 70 units; parts of a longer one hold 153 or 67 (3GPP TS 23.040), and neither an
// escaped character nor a surrogate pair is split between two parts.

const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const ESCAPED = new Set("\f^{}\\[~]|€");

/** {encoding: "GSM-7" | "UCS-2", segments, left}: `left` is how many units the last segment still holds. */
export function segments(text) {
  const characters = [...text];
  const gsm = characters.every((character) => BASIC.has(character) || ESCAPED.has(character));
  const cost = gsm ? (character) => (ESCAPED.has(character) ? 2 : 1) : (character) => character.length;
  const [single, part] = gsm ? [160, 153] : [70, 67];
  const encoding = gsm ? "GSM-7" : "UCS-2";
  const total = characters.reduce((sum, character) => sum + cost(character), 0);
  if (total <= single) return { encoding, segments: total ? 1 : 0, left: single - total };
  let count = 1;
  let used = 0;
  for (const character of characters) {
    if (used + cost(character) > part) {
      count += 1;
      used = 0;
    }
    used += cost(character);
  }
  return { encoding, segments: count, left: part - used };
}
