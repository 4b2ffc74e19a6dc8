// The demo on one page: it puts the phone, the console in a frame and the first steps together. The console tells what
// was done in it, as it would tell any page of its own origin that frames it; the phone knows its own.

import { ask, own, Phone } from "./phone.js";
import { Steps } from "./steps.js";

const part = (id) => document.getElementById(id);
const SIDES = ["phone", "console"];
/** The accounts that the demo makes for itself (gateway/cli/demo.py), on this machine only. */
const ACCOUNT = { login: "ana", password: "teamline demo", colleague: "ben" };
const main = document.querySelector("main");

function turn(side, { focus = false } = {}) {
  main.dataset.side = side;
  for (const each of SIDES) {
    part(`tab-${each}`).setAttribute("aria-selected", String(each === side));
    part(`tab-${each}`).tabIndex = each === side ? 0 : -1;
  }
  part(`tab-${side}`).querySelector(".fresh").textContent = "";
  if (focus) part(`tab-${side}`).focus();
}

/** Says on a side's tab that something came there, unless it is in sight. */
function news(side) {
  if (main.dataset.side !== side) part(`tab-${side}`).querySelector(".fresh").textContent = "new";
}

for (const side of SIDES) {
  part(`tab-${side}`).addEventListener("click", () => turn(side));
  part(`tab-${side}`).addEventListener("keydown", ({ key }) => {
    if (["ArrowLeft", "ArrowRight"].includes(key)) turn(SIDES[1 - SIDES.indexOf(side)], { focus: true });
  });
}

/** Signs in to the demo's console where nobody is; answers whether somebody is signed in now. */
async function signIn() {
  const { login, password } = ACCOUNT;
  try {
    await ask("/api/agent/v1/me").catch((error) => {
      if (error.status !== 401) throw error;
      return ask("/api/agent/v1/session", { login, password });
    });
    return true;
  } catch {
    return false;
  }
}

async function begin() {
  const config = await ask("/demo/config.json");
  const steps = (await signIn())
    ? new Steps({ sign: "", colleague: `${ACCOUNT.colleague} with “${ACCOUNT.password}”` })
    : new Steps({ sign: "The sign-in is printed where the demo was started.", colleague: "somebody else" });
  addEventListener("message", ({ origin, source, data }) => {
    if (origin === location.origin && source === part("frame").contentWindow) steps.tick(data?.teamline);
  });
  part("frame").src = `${config.console ?? "/console"}#/all`;
  const phone = new Phone(config);
  part("first").textContent = `This phone's number is ${own(config)}. What you write is texted to ${config.team_name}, and a person there answers.`;
  phone.onSent = () => { steps.tick("texted"); news("console"); };
  phone.onAnswer = () => news("phone");
  if (matchMedia("(min-width: 1100px)").matches) part("words").focus();
  await phone.live();
}

begin().catch(() => { part("trouble").textContent = "The demo is not running here."; });
