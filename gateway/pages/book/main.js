// The page of a signed link begins here. The link's token is the end of the address; it goes nowhere but to the server.

import { Api } from "../chat/api.js";
import { Page } from "./page.js";

const page = new Page(new Api("", { link: location.pathname.split("/").at(-1) }));
const place = document.getElementById("book");
place.append(...page.elements);
place.hidden = false;
await page.start();
