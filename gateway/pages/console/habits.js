// How one likes to work. It is kept in this browser, whoever signs in, and says nothing about anybody.

const kept = (name, otherwise) => (localStorage.getItem(name) ?? otherwise) === "yes";
const keep = (name, value) => localStorage.setItem(name, value ? "yes" : "no");

export const habits = {
  get enterSends() { return kept("teamline.enter-sends", "no"); },
  set enterSends(value) { keep("teamline.enter-sends", value); },
  /** Whether a letter alone is a command. Who speaks to the machine, or has an unsteady hand, may not want that
   *  (WCAG 2.2, 2.1.4). */
  get singleKeys() { return kept("teamline.single-keys", "yes"); },
  set singleKeys(value) { keep("teamline.single-keys", value); },
  /** Whether a booking that rings for one is heard. */
  get ringsAloud() { return kept("teamline.rings-aloud", "no"); },
  set ringsAloud(value) { keep("teamline.rings-aloud", value); },
};
