/** Which notes say what. Samples only; playing is the Sounder's. */

/** Hertz and seconds of each note, with a short pause between them. */
export interface Tone {
  notes: readonly number[];
  each_s: number;
}

/** By level: red is a siren, orange two equal notes, yellow one soft note; blue is for the list alone. */
export const LEVEL_TONES: Record<number, Tone> = {
  1: { notes: [988, 740, 988, 740], each_s: 0.16 },
  2: { notes: [784, 784], each_s: 0.18 },
  3: { notes: [523], each_s: 0.22 },
};
export const TEST_TONE: Tone = { notes: [660, 880], each_s: 0.12 };
/** On a unit's phone: a new task and what is worse ring long, pressing is quick, what is taken back falls. */
export const PHONE_TONES = {
  told: { notes: [880, 1175, 880, 1175, 880, 1175], each_s: 0.14 },
  raised: { notes: [880, 1175, 880, 1175, 880, 1175], each_s: 0.14 },
  urged: { notes: [988, 988, 988, 988], each_s: 0.1 },
  rework: { notes: [784, 988, 784], each_s: 0.16 },
  due: { notes: [784, 784, 988], each_s: 0.12 },
  recalled: { notes: [659, 523], each_s: 0.25 },
} as const satisfies Record<string, Tone>;
/** Falling: the link is gone. */
export const LOST_TONE: Tone = { notes: [440, 330, 247], each_s: 0.2 };

const PAUSE_S = 0.03;
/** A short ramp: a hard edge clicks in the speaker. */
const RAMP_S = 0.01;
const LOUDNESS = 0.35;

export const lengthOf = (tone: Tone): number => tone.notes.length * (tone.each_s + PAUSE_S);

/** The tone as samples, followed by silence up to `whole_s`; mono. */
export function samplesOf(tone: Tone, rate: number, whole_s = lengthOf(tone)): Float32Array<ArrayBuffer> {
  const samples = new Float32Array(Math.ceil(Math.max(whole_s, lengthOf(tone)) * rate));
  tone.notes.forEach((hertz, i) => {
    const begin = Math.round(i * (tone.each_s + PAUSE_S) * rate);
    const count = Math.round(tone.each_s * rate);
    for (let n = 0; n < count; n++) {
      const phase = ((n * hertz) / rate) % 1;
      // A triangle: heard through small loudspeakers, and not as sharp as a square.
      const wave = 4 * Math.abs(phase - 0.5) - 1;
      const edge = Math.min(n, count - n) / (RAMP_S * rate);
      samples[begin + n] = wave * LOUDNESS * Math.min(1, edge);
    }
  });
  return samples;
}
