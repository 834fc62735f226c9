/**
 * What bodies do: functions from a skeleton and a moment to a posture (see skeleton.js).
 */
import { sign } from "./skeleton.js";

const ease = (t) => t * t * (3 - 2 * t);
const lerp = (a, b, t) => a + (b - a) * t;
const both = (f) => [f(0), f(1)];

/** Share of a step cycle during which a foot is on the ground. */
const STANCE = 0.6;

/** Length of a whole cycle (two steps), metres, at `speed` in m/s. */
export const cycleLength = (height, speed) => height * (0.42 + 0.3 * Math.min(speed, 3));

/**
 * Walking: on the ground the foot moves back exactly as fast as the body moves ahead, so it does not slide.
 * @param phase cycles since the start
 * @param speed m/s; 0 is standing
 * @param manner see `standing`; `armSwing` 0..1.5, `stoop` radians
 */
export function walking(skeleton, phase, speed, manner = {}, time = 0) {
  const h = skeleton.height;
  const amount = Math.min(1, speed / 0.35);
  const travel = STANCE * cycleLength(h, speed) * amount * (manner.stride ?? 1);
  const legPhase = (side) => (((phase + side * 0.5) % 1) + 1) % 1;
  const feet = both((side) => footOnCycle(skeleton, legPhase(side), travel, amount));
  const swing = Math.sin(2 * Math.PI * (phase + 0.05));
  const still = standing(skeleton, time, manner);
  const pace = amount * Math.min(1.5, 0.5 + speed * 0.45);
  const hips = [
    lerp(still.hips[0], 0.012 * h * Math.sin(2 * Math.PI * phase - 0.6), amount),
    skeleton.hip[1] * (1 - 0.03 * amount) + 0.01 * h * pace * Math.cos(4 * Math.PI * (phase - 0.28)),
    0,
  ];
  const arms = both((side) => {
    if (manner.arms && manner.arms !== "hang" && still.arms[side].hand) return still.arms[side];
    const back = sign(side) * -swing * pace * (manner.armSwing ?? 1);
    return {
      swing: lerp(still.arms[side].swing ?? 0, 0.42 * back + 0.05, amount),
      spread: still.arms[side].spread ?? 0.1,
      bend: lerp(still.arms[side].bend ?? 0.2, 0.3 + 0.22 * back + (speed > 2 ? 0.9 : 0), amount),
    };
  });
  return {
    hips,
    lean: (manner.stoop ?? 0) + 0.04 * amount + 0.05 * Math.max(0, speed - 1.4),
    sway: still.sway * (1 - amount),
    twist: -0.1 * pace * swing,
    pelvisTwist: 0.1 * pace * swing,
    head: still.head,
    ankles: both((side) => [
      lerp(still.ankles[side][0], sign(side) * skeleton.hip[0] * 0.75, amount),
      feet[side].y,
      lerp(still.ankles[side][2], feet[side].z, amount),
    ]),
    footPitch: both((side) => feet[side].pitch),
    arms,
  };
}

function footOnCycle({ height: h, ankleY }, phase, travel, amount) {
  const front = 0.45 * travel;
  const back = -0.55 * travel;
  const highest = 0.085 * h * amount * Math.min(1, travel / (0.4 * h));
  if (phase < STANCE) {
    const t = phase / STANCE;
    const off = Math.max(0, (t - 0.62) / 0.38) ** 1.6;
    const pitch = t < 0.15 ? -0.3 * (1 - t / 0.15) * amount : 0.75 * off * amount;
    return { z: lerp(front, back, t) + 0.35 * highest * off, y: ankleY + highest * off, pitch };
  }
  const t = (phase - STANCE) / (1 - STANCE);
  return {
    z: lerp(back + 0.35 * highest, front, ease(t)),
    y: ankleY + highest * (1 - t) + 0.05 * h * amount * Math.sin(Math.PI * t) * Math.min(1, travel / (0.3 * h)),
    pitch: lerp(0.75, -0.3, ease(t)) * amount,
  };
}

/** Between two postures, `share` of the second; an arm that hangs in one and reaches in the other changes half way. */
export function blended(a, b, share) {
  if (share <= 0) return a;
  if (share >= 1) return b;
  return mixed(a, b, share);
}

function mixed(a, b, share) {
  if (a === undefined || b === undefined)
    return (a ?? b) && scaledTowardsRest(a ?? b, a === undefined ? share : 1 - share);
  if (typeof a === "number") return lerp(a, b, share);
  if (Array.isArray(a)) return a.map((value, i) => mixed(value, b[i], share));
  if (typeof a !== "object" || !!a.hand !== !!b.hand || a.inWorld !== b.inWorld) return share < 0.5 ? a : b;
  return Object.fromEntries(
    [...new Set([...Object.keys(a), ...Object.keys(b)])].map((k) => [k, mixed(a[k], b[k], share)]),
  );
}

/** What only one of two postures says is nothing in the other: numbers fade, the rest stays. */
const scaledTowardsRest = (value, share) =>
  typeof value === "number"
    ? value * share
    : Array.isArray(value) && value.every((v) => typeof v === "number")
      ? value.map((v) => v * share)
      : value;

/** Where hands go; metres per metre of height, right-handed unless both. */
const HAND_PLACES = {
  crossed: [
    { hand: [-0.05, 0.69, 0.1], elbow: [1, -0.8, 0.2] },
    { hand: [0.05, 0.7, 0.11], elbow: [-1, -0.8, 0.2] },
  ],
  akimbo: [
    { hand: [0.11, 0.57, 0.02], elbow: [1, 0, -0.4] },
    { hand: [-0.11, 0.57, 0.02], elbow: [-1, 0, -0.4] },
  ],
  behind: [
    { hand: [0.02, 0.55, -0.09], elbow: [0.8, -0.1, -1] },
    { hand: [-0.02, 0.55, -0.09], elbow: [-0.8, -0.1, -1] },
  ],
  calling: [{}, { hand: [-0.06, 0.9, 0.03], elbow: [-0.7, -1, 0.2] }],
  reading: [{}, { hand: [-0.03, 0.72, 0.17], elbow: [-0.6, -1, -0.3] }],
  holding: [
    { hand: [0.05, 0.64, 0.16], elbow: [0.6, -1, -0.5] },
    { hand: [-0.05, 0.64, 0.16], elbow: [-0.6, -1, -0.5] },
  ],
  umbrella: [{}, { hand: [-0.09, 0.72, 0.12], elbow: [-0.6, -1, -0.4] }],
  pointing: [{}, { hand: [-0.16, 0.84, 0.28], elbow: [-0.4, -1, 0] }],
  waving: [{}, { hand: [-0.16, 1.02, 0.06], elbow: [-1, -0.4, 0] }],
};
export const ARM_MANNERS = ["hang", ...Object.keys(HAND_PLACES)];

/**
 * Standing, hardly still.
 * @param time seconds
 * @param manner `arms`: one of ARM_MANNERS; `mood`: 0..1 makes each person's own rhythm; `apart`: of the feet, metres
 */
export function standing(skeleton, time, manner = {}) {
  const h = skeleton.height;
  const mood = manner.mood ?? 0;
  const slow = Math.sin(time * (0.5 + 0.3 * mood) + mood * 40);
  const apart = manner.apart ?? 0.075 + 0.05 * mood;
  const places = HAND_PLACES[manner.arms];
  const stir = 0.012 * Math.sin(time * 1.7 + mood * 17);
  return {
    hips: [0.02 * slow, skeleton.hip[1] * 0.992, 0],
    lean: manner.stoop ?? 0,
    sway: -0.03 * slow,
    twist: 0.06 * Math.sin(time * 0.43 + mood * 9),
    head: {
      yaw: 0.5 * Math.sin(time * 0.37 + mood * 23),
      nod: (manner.arms === "reading" ? 0.45 : 0.05) + 0.08 * slow,
    },
    ankles: both((side) => [sign(side) * apart * h * 0.6, skeleton.ankleY, sign(side) * 0.03 * h * (mood - 0.5)]),
    arms: both((side) => {
      const place = places?.[side];
      if (!place?.hand) return { swing: 0.04 * slow + 0.03, spread: 0.1 + 0.08 * mood, bend: 0.15 + 0.2 * mood };
      return { hand: place.hand.map((x) => (x + stir) * h), elbow: place.elbow };
    }),
  };
}

/** On a seat `seat` metres high; the ground origin is below the hips. */
export function sitting(skeleton, time, seat = 0.45, manner = {}) {
  const h = skeleton.height;
  const still = standing(skeleton, time, manner);
  const thigh = skeleton.hip[1] - skeleton.kneeY;
  return {
    ...still,
    hips: [0, seat + 0.05 * h, -0.02],
    lean: 0.12 + (manner.stoop ?? 0) + 0.2 * (manner.mood ?? 0),
    ankles: both((side) => [
      sign(side) * 0.06 * h,
      skeleton.ankleY,
      thigh * 0.95 + 0.06 * sign(side) * (manner.mood ?? 0),
    ]),
    kneesOut: 0.2,
    arms: both((side) =>
      still.arms[side].hand
        ? still.arms[side]
        : { hand: [sign(side) * 0.06 * h, seat + 0.12 * h, 0.2 * h], inWorld: true, elbow: [sign(side), -0.4, -0.5] },
    ),
  };
}

/** Squatting on the heels. */
export function crouching(skeleton, time, manner = {}) {
  const h = skeleton.height;
  const still = standing(skeleton, time, manner);
  return {
    ...still,
    hips: [0, 0.16 * h, -0.1 * h],
    lean: 0.75,
    head: { yaw: still.head.yaw, nod: -0.35 },
    ankles: both((side) => [sign(side) * 0.08 * h, skeleton.ankleY * 1.1, 0.02 * h]),
    footPitch: [0.1, 0.1],
    kneesOut: 0.45,
    arms: both((side) => ({
      hand: [sign(side) * 0.05 * h, 0.2 * h, 0.28 * h + 0.01 * Math.sin(time * 2)],
      inWorld: true,
      elbow: [sign(side), -0.3, 0],
    })),
  };
}

/** Bent down to something on the ground; `depth` 0..1. */
export function bending(skeleton, time, depth = 1, manner = {}) {
  const h = skeleton.height;
  const still = standing(skeleton, time, manner);
  return {
    ...still,
    hips: [0, skeleton.hip[1] * (1 - 0.06 * depth), -0.1 * h * depth],
    lean: 1.25 * depth,
    arms: both((side) => ({ swing: 0.9 * depth, spread: 0.12, bend: 0.35 + 0.15 * Math.sin(time * 3 + side) })),
  };
}

/** Limbs of one lying; the whole body is laid down by its root. `mood` chooses how crooked. */
export function lying(skeleton, mood = 0.5) {
  const h = skeleton.height;
  const bent = 0.1 + 0.5 * mood;
  return {
    hips: [0, skeleton.hip[1] * 0.99, 0],
    lean: 0.1 * mood,
    twist: 0.3 * (mood - 0.5),
    head: { yaw: 0.8 * (mood - 0.5), nod: 0.1 },
    ankles: [
      [0.09 * h, skeleton.ankleY + 0.2 * h * bent, 0.1 * h * bent],
      [-0.06 * h, skeleton.ankleY + 0.08 * h * bent, -0.02 * h],
    ],
    footPitch: [0.6, 0.6],
    arms: [
      { swing: 0.3 * mood, spread: 0.9 * mood + 0.2, bend: 0.8 * mood },
      { swing: 0.2, spread: 0.5, bend: 1.2 * mood },
    ],
  };
}

/** Limbs of one lying face down, flat on the ground. */
export function prone(skeleton, mood = 0.5) {
  const h = skeleton.height;
  const { ankleY } = skeleton;
  return {
    hips: [0, skeleton.hip[1] * 0.99, 0],
    lean: 0.03,
    head: { yaw: 1.1 * (mood - 0.5), nod: -0.15 },
    ankles: [
      [0.1 * h, ankleY + 0.04 * h * mood, 0],
      [-0.05 * h, ankleY + 0.01 * h, -0.02 * h],
    ],
    footPitch: [1.1, 1.1],
    arms: [
      { swing: 2.7, spread: 0.5 + 0.4 * mood, bend: -0.1 },
      { swing: 0, spread: 0.5, bend: 0.1 },
    ],
  };
}

/** In deep water: only head and shoulders are above it (root placed so by the caller). */
export function swimming(skeleton, time, mood = 0) {
  const stroke = time * 4 + mood * 30;
  return {
    ...standing(skeleton, time, { mood }),
    lean: 0.5 + 0.3 * mood,
    head: { yaw: 0.3 * Math.sin(time + mood * 7), nod: -0.5 },
    arms: both((side) => ({
      swing: 1.5 + 0.9 * Math.sin(stroke + side * Math.PI),
      spread: 0.5,
      bend: 0.5 + 0.4 * Math.cos(stroke + side * Math.PI),
    })),
  };
}

/**
 * On a two- or three-wheeler.
 * @param mount body coordinates in metres: `seat: [y, z]` of the hips, `bars: [x, y, z]` of the left hand,
 *   `pegs: [x, y, z]` of the left ankle, `lean`; `pedal`: radius, metres, of pedals that turn
 * @param turn angle of the pedals, radians
 */
export function riding(skeleton, time, mount, turn = 0, mood = 0) {
  const [x, y, z] = mount.pegs;
  const ankle = (side) => {
    const angle = turn + side * Math.PI;
    const r = mount.pedal ?? 0;
    return [sign(side) * x, y + r * Math.cos(angle), z + r * Math.sin(angle)];
  };
  return {
    hips: [0, mount.seat[0] + 0.045 * skeleton.height, mount.seat[1]],
    lean: mount.lean ?? 0.15,
    head: { yaw: 0.25 * Math.sin(time * 0.8 + mood * 11), nod: -(mount.lean ?? 0.15) * 0.6 },
    ankles: both(ankle),
    kneesOut: 0.25,
    arms: both((side) => ({
      hand: [sign(side) * mount.bars[0], mount.bars[1], mount.bars[2]],
      inWorld: true,
      elbow: [sign(side) * 0.9, -0.8, -0.2],
    })),
  };
}
