// What a page that shows the console in a frame is told: that something was done here, and nothing of what was said.
// Only a page of the same origin hears it; the demo's first steps are ticked off by this.

export const framed = window.parent !== window;

/** `what`: "signed-in", "answered", "noted", or "colleague" when somebody else was seen at work. */
export function tellFrame(what) {
  if (framed) window.parent.postMessage({ teamline: what }, location.origin);
}

/** Whether the focus is this page's to give: a console in a frame takes it from nobody. */
export const ownsFocus = () => !framed || document.hasFocus();
