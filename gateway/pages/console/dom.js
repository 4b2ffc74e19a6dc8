// Elements, made without markup. Whatever a person wrote reaches the page through here, as text, and as nothing else.

const SVG = "http://www.w3.org/2000/svg";

/** An element. `on` holds listeners, `hue` sets a custom property, null and false attributes are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    else if (name === "hue") element.style.setProperty("--own-hue", value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** One of our own icons. It is never alone: a word stands beside it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/static/console/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** A button with a word in it, and an icon before it where that helps. */
export function button(label, { icon: name = null, look = "", press, ...attributes } = {}) {
  return h("button", { type: "button", class: `button ${look}`.trim(), on: press ? { click: press } : {}, ...attributes },
    name && icon(name), h("span", {}, label));
}

/** Text that somebody else wrote, kept from turning the direction of what stands around it. */
export function isolated(text, attributes = {}) {
  return h("bdi", attributes, text);
}

/** Changes text only where it differs, so that nothing is announced or laid out again without need. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets an attribute only where it differs, for the same reason. */
export function put(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Makes `parent` hold exactly `wanted`, moving as little as can be, so that focus and scrolling survive. */
export function arrange(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove();
  let place = parent.firstElementChild;
  for (const element of wanted) {
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
}

/** Tells people who listen to the page, without taking their place in it. */
export function announce(text) {
  const region = document.getElementById("announcer");
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = text; });
}

/** The first message of a list that is in sight in its scroller, and where it stands; null if there is none. */
export function firstInSight(scroller, list) {
  const edge = scroller.getBoundingClientRect().top;
  for (const element of list.children) {
    const { top, bottom } = element.getBoundingClientRect();
    if (bottom > edge && element.classList.contains("message")) return { element, top };
  }
  return null;
}
