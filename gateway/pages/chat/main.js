// The customers' page begins here. `?channel=` in its address names a channel where there are several.

import { Chat } from "./chat.js";
import { Kept } from "./kept.js";

const place = document.getElementById("chat");
const chat = new Chat(new URLSearchParams(location.search).get("channel") ?? "", await Kept.open());
place.append(...chat.elements);
place.hidden = false;
await chat.start();
