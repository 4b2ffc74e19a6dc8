// Asks until there is an answer: what a lost network or a busy server leaves open is asked again, as it was.

const LONGEST = 15_000;

function pause(attempt, signal) {
  return new Promise((resolve) => {
    const end = () => { clearTimeout(timer); removeEventListener("online", end); resolve(); };
    const timer = setTimeout(end, Math.min(LONGEST, 1_000 * 2 ** attempt) * (0.5 + Math.random() / 2));
    addEventListener("online", end);
    signal.addEventListener("abort", end);
  });
}

/** What `ask()` answers in the end, or null once `signal` says that nobody waits any more. Throws refusals, and being told
 *  to wait (429). `onWait()` hears each time that there was no answer. */
export async function patiently(ask, { signal, onWait }) {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (error.lasting !== false || error.status === 429) throw error;
    }
    if (signal.aborted) break;
    onWait();
    await pause(attempt, signal);
  }
  return null;
}
