// Two soft tones, every few seconds, while something rings for whoever has turned that on in this browser.

const EVERY = 3_000;

export class RingSound {
  #context = null;
  #timer = null;

  ring(on) {
    if (on === (this.#timer !== null)) return;
    clearInterval(this.#timer);
    this.#timer = on ? setInterval(() => this.#play(), EVERY) : null;
    if (on) this.#play();
  }

  #play() {
    this.#context ??= new AudioContext();
    this.#context.resume().catch(() => {});
    for (const [place, pitch] of [660, 880].entries()) this.#tone(pitch, this.#context.currentTime + place * 0.25);
  }

  #tone(pitch, at) {
    const volume = new GainNode(this.#context, { gain: 0 });
    const tone = new OscillatorNode(this.#context, { frequency: pitch });
    volume.gain.setTargetAtTime(0.12, at, 0.02);
    volume.gain.setTargetAtTime(0, at + 0.18, 0.05);
    tone.connect(volume).connect(this.#context.destination);
    tone.start(at);
    tone.stop(at + 0.5);
  }
}
