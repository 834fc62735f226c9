/**
 * Sews a person together: skin, clothes and what is carried, as one shape over the bones of skeleton.js.
 */
import { grey, scaled } from "../colour.js";
import { paint, ringY, ringZ, Shape } from "../shape.js";
import { BONE, sign } from "./skeleton.js";

const { PELVIS, CHEST, HEAD } = BONE;

/** @returns {{shape: Shape, umbrella: Shape | null}} in rest: standing straight with arms down */
export function bodyOf(look, skeleton) {
  const shape = new Shape();
  torso(shape, look, skeleton);
  for (const side of [0, 1]) {
    leg(shape, look, skeleton, side);
    arm(shape, look, skeleton, side);
  }
  hem(shape, look, skeleton);
  head(shape, look, skeleton);
  headgear(shape, look, skeleton);
  burden(shape, look, skeleton);
  return { shape, umbrella: look.umbrella ? umbrella(look, skeleton) : null };
}

const isBulky = (look) => look.top === "jacket" || look.top === "coat" || look.top === "downjacket";

function torso(shape, look, { height: h, build: b, youth }) {
  const thick = (isBulky(look) ? 1.1 : 1) * (look.top === "downjacket" ? 1.12 : 1);
  const k = h * b * thick;
  const topPaint = paint(look.topColour, { cell: look.topCell });
  const under = paint(look.underColour, { cell: 1 });
  const lower = paint(look.bottom === "dress" ? look.topColour : look.bottomColour, {
    cell: look.bottom === "dress" ? look.topCell : look.bottomCell,
  });
  const isOpen = look.top === "jacket" && look.underColour[0] > 0.2;
  const upper = (angle) => (isOpen && Math.abs(angle - Math.PI / 2) < 0.45 ? under : topPaint);
  const belly = b > 1.08 ? 0.012 : 0;
  const lift = -0.03 * youth * h;
  const rings = [
    ringY(0.455 * h, 0.05 * k, 0.045 * k, { bone: [PELVIS, 0, 0], paint: lower }),
    ringY(0.5 * h, 0.09 * k, 0.066 * k, { bone: [PELVIS, 0, 0], paint: lower, z: -0.006 * h }),
    ringY(0.55 * h, 0.088 * k, 0.066 * k, { bone: [PELVIS, CHEST, 0.2], paint: lower, z: -0.004 * h }),
    ringY(0.535 * h, 0.096 * k, 0.073 * k, { bone: [PELVIS, CHEST, 0.2], paint: upper }),
    ringY(0.6 * h, 0.082 * k, (0.06 + belly) * k, { bone: [PELVIS, CHEST, 0.6], paint: upper, z: belly * h }),
    ringY(0.68 * h, 0.09 * k, (0.064 + belly / 2) * k, { bone: [CHEST, 0, 0], paint: upper }),
    ringY(0.75 * h, 0.1 * k, 0.068 * k, { bone: [CHEST, 0, 0], paint: upper }),
    ringY(0.8 * h + lift, 0.104 * k, 0.056 * k, { bone: [CHEST, 0, 0], paint: upper, z: -0.006 * h }),
    ringY(0.83 * h + lift, 0.075 * k, 0.044 * k, { bone: [CHEST, 0, 0], paint: upper, z: -0.008 * h }),
    ringY(0.85 * h + lift, 0.035 * h, 0.035 * h, { bone: [CHEST, 0, 0], paint: upper, z: -0.004 * h }),
  ];
  shape.loft(rings, { segments: 14 });
  if (look.vest) {
    const band = (i) => paint(i === 2 || i === 5 ? grey(0.85) : look.vest, { cell: 0, glow: 0.08 });
    const heights = [0.57, 0.62, 0.64, 0.665, 0.71, 0.73, 0.755, 0.81];
    const width = [0.094, 0.09, 0.091, 0.095, 0.1, 0.104, 0.107, 0.09];
    shape.loft(
      heights.map((y, i) =>
        ringY(y * h + (i === 7 ? lift : 0), width[i] * k * 1.03, 0.077 * k * (i === 7 ? 0.8 : 1), {
          bone: [PELVIS, CHEST, Math.min(1, 0.4 + i * 0.2)],
          paint: band(i),
        }),
      ),
      { segments: 14 },
    );
  }
}

function leg(shape, look, { height: h, build: b, hip, kneeY, ankleY }, side) {
  const x = sign(side) * hip[0];
  const bones = [BONE.THIGH[side], BONE.SHIN[side]];
  const skin = paint(look.skin);
  const cloth = paint(look.bottomColour, { cell: look.bottomCell });
  const isCovered = look.bottom === "trousers" || look.bottom === "leggings";
  const loose = { trousers: 0.009, leggings: 0.001, shorts: 0.012, skirt: 0, dress: 0 }[look.bottom];
  const k = h * (0.75 + 0.25 * b);
  const ring = (y, r, share, more) => ringY(y, r * k, r * k * 1.05, { x, bone: [...bones, share], ...more });
  const lower = isCovered ? cloth : skin;
  const upper = look.bottom === "skirt" || look.bottom === "dress" ? skin : cloth;
  const rings = [
    ring(hip[1] + 0.015 * h, 0.03, 0, { paint: upper, bone: [PELVIS, bones[0], 0.3] }),
    ring(hip[1] - 0.02 * h, 0.054 + loose / 2, 0, { paint: upper, bone: [PELVIS, bones[0], 0.75] }),
    ring(hip[1] - 0.09 * h, 0.051 + loose, 0, { paint: upper }),
    ring(kneeY + 0.05 * h, 0.042 + loose, 0.15, { paint: upper }),
    ring(kneeY + 0.03 * h, isCovered ? 0.04 + loose : 0.036, 0.3, { paint: lower }),
    ring(kneeY, (isCovered ? 0.038 : 0.035) + loose * (isCovered ? 1 : 0), 0.5, { paint: lower }),
    ring(kneeY - 0.03 * h, isCovered ? 0.037 + loose : 0.034, 0.8, { paint: lower }),
    ring(kneeY - 0.08 * h, isCovered ? 0.036 + loose : 0.036, 1, { paint: lower, z: -0.008 * h }),
    ring(ankleY + 0.06 * h, isCovered ? 0.028 + loose : 0.024, 1, { paint: lower }),
    ring(ankleY + 0.005 * h, isCovered ? 0.026 + loose : 0.021, 1, { paint: lower }),
  ];
  shape.loft(rings, { segments: 10, caps: true });
  const shoe = paint(look.shoeColour, { gloss: 0.05 });
  const foot = { bone: [BONE.FOOT[side], 0, 0], square: 0.3, x, paint: shoe };
  shape.loft(
    [
      ringZ(-0.042 * h, 0.018 * h, 0.014 * h, 0.016 * h, foot),
      ringZ(-0.03 * h, 0.024 * h, 0.025 * h, 0.026 * h, foot),
      ringZ(0.01 * h, 0.025 * h, 0.029 * h, 0.029 * h, foot),
      ringZ(0.045 * h, 0.027 * h, 0.018 * h, 0.019 * h, foot),
      ringZ(0.085 * h, 0.026 * h, 0.014 * h, 0.015 * h, foot),
      ringZ(0.108 * h, 0.014 * h, 0.009 * h, 0.011 * h, foot),
    ],
    { segments: 8 },
  );
}

function arm(shape, look, { height: h, build: b, shoulder, upperArm, foreArm }, side) {
  const [sx, sy] = shoulder;
  const x = sign(side) * sx;
  const bones = [BONE.UPPER_ARM[side], BONE.FORE_ARM[side]];
  const skin = paint(look.skin);
  const sleeve = paint(look.topColour, { cell: look.topCell });
  const fore = look.longSleeves ? sleeve : skin;
  const k = h * (0.7 + 0.3 * b) * (isBulky(look) ? 1.16 : 1) * (look.top === "downjacket" ? 1.15 : 1);
  const bare = h * 0.9;
  const ring = (down, r, share, more) => ringY(sy - down, r, r * 1.05, { x, bone: [...bones, share], ...more });
  shape.loft(
    [
      ring(-0.022 * h, 0.016 * k, 0, { paint: sleeve, bone: [CHEST, bones[0], 0.3], x: x * 0.92 }),
      ring(-0.008 * h, 0.034 * k, 0, { paint: sleeve, bone: [CHEST, bones[0], 0.6], x: x * 0.97 }),
      ring(0.025 * h, 0.036 * k, 0, { paint: sleeve, bone: [CHEST, bones[0], 0.9] }),
      ring(0.09 * h, 0.032 * k, 0, { paint: sleeve }),
      ring(upperArm - 0.04 * h, 0.031 * k, 0.1, { paint: sleeve }),
      ring(upperArm - 0.035 * h, look.longSleeves ? 0.029 * k : 0.026 * bare, 0.15, { paint: fore }),
      ring(upperArm, look.longSleeves ? 0.028 * k : 0.025 * bare, 0.5, { paint: fore }),
      ring(upperArm + 0.045 * h, look.longSleeves ? 0.027 * k : 0.025 * bare, 1, { paint: fore }),
      ring(upperArm + foreArm - 0.01 * h, look.longSleeves ? 0.021 * k : 0.017 * bare, 1, { paint: fore }),
    ],
    { segments: 9 },
  );
  shape.ball([x, sy - upperArm - foreArm - 0.03 * h, 0.006 * h], [0.014 * h, 0.045 * h, 0.024 * h], {
    paint: skin,
    bone: [bones[1], 0, 0],
    segments: 7,
    steps: 5,
  });
}

/** Skirts, dresses and the skirts of coats. */
function hem(shape, look, { height: h, build: b }) {
  const isSkirt = look.bottom === "skirt" || look.bottom === "dress";
  const isCoat = look.top === "coat";
  if (!isSkirt && !isCoat) return;
  const colour = look.bottom === "skirt" && !isCoat ? look.bottomColour : look.topColour;
  const cell = look.bottom === "skirt" && !isCoat ? look.bottomCell : look.topCell;
  const k = h * b * (isCoat ? 1.1 : 1);
  const low = isCoat ? 0.3 : 0.27;
  const look2 = paint(colour, { cell });
  const follow = (share) => (angle) => [
    PELVIS,
    Math.cos(angle) > 0 ? BONE.THIGH[0] : BONE.THIGH[1],
    share * Math.abs(Math.cos(angle)),
  ];
  shape.loft(
    [
      ringY(0.6 * h, 0.084 * k, 0.064 * k, { bone: [PELVIS, CHEST, 0.6] }),
      ringY(0.52 * h, 0.1 * k, 0.08 * k, { bone: [PELVIS, 0, 0] }),
      ringY(0.42 * h, 0.112 * k, 0.1 * k, { bone: follow(0.35) }),
      ringY(low * h, 0.128 * k, 0.122 * k, { bone: follow(0.6) }),
    ],
    { segments: 14, paint: look2, caps: false },
  );
  shape.loft(
    [
      ringY(low * h, 0.126 * k, 0.12 * k, { bone: follow(0.6) }),
      ringY((low + 0.06) * h, 0.05 * k, 0.05 * k, { bone: follow(0.6) }),
    ],
    { segments: 14, paint: paint(scaled(colour, 0.3)), caps: false },
  );
}

function head(shape, look, { height: h, neckY, headScale }) {
  const bone = [HEAD, 0, 0];
  const skin = paint(look.skin);
  const s = headScale * h;
  const y = (up) => neckY + up * s;
  shape.loft(
    [
      ringY(neckY - 0.02 * h, 0.034 * h, 0.034 * h, { bone: [CHEST, 0, 0] }),
      ringY(neckY + 0.035 * s, 0.03 * s, 0.032 * s, { bone }),
    ],
    { segments: 9, paint: skin, caps: false },
  );
  shape.loft(
    [
      ringY(y(0.014), 0.012 * s, 0.014 * s, { z: 0.022 * s }),
      ringY(y(0.025), 0.028 * s, 0.036 * s, { z: 0.014 * s }),
      ringY(y(0.05), 0.038 * s, 0.05 * s, { z: 0.006 * s }),
      ringY(y(0.085), 0.044 * s, 0.056 * s, { z: 0.002 * s }),
      ringY(y(0.115), 0.042 * s, 0.054 * s, {}),
      ringY(y(0.138), 0.03 * s, 0.038 * s, {}),
      ringY(y(0.15), 0.006 * s, 0.008 * s, {}),
    ],
    { segments: 11, paint: skin, bone },
  );
  shape.ball([0, y(0.068), 0.06 * s], [0.008 * s, 0.013 * s, 0.012 * s], { paint: skin, bone, segments: 6, steps: 4 });
  for (const side of [-1, 1]) {
    shape.ball([side * 0.017 * s, y(0.084), 0.052 * s], [0.009 * s, 0.005 * s, 0.005 * s], {
      paint: paint(scaled(look.skin, 0.25)),
      bone,
      segments: 6,
      steps: 3,
    });
  }
  if (look.hairStyle === "bald") return;
  const hair = paint(look.hair, { cell: 12, gloss: 0.08 });
  const crop = look.hairStyle === "crop" ? 0.95 : 1;
  shape.loft(
    [
      ringY(y(0.045), 0.03 * s, 0.028 * s * crop, { z: -0.03 * s }),
      ringY(y(0.075), 0.0455 * s * crop, 0.042 * s * crop, { z: -0.018 * s }),
      ringY(y(0.1), 0.048 * s * crop, 0.055 * s * crop, { z: -0.008 * s }),
      ringY(y(0.112), 0.048 * s * crop, 0.06 * s * crop, { z: -0.001 * s }),
      ringY(y(0.138), 0.038 * s * crop, 0.048 * s * crop, {}),
      ringY(y(0.157), 0.01 * s, 0.012 * s, {}),
    ],
    { segments: 11, paint: hair, bone },
  );
  if (look.hairStyle === "long" || look.hairStyle === "bob") {
    const low = look.hairStyle === "long" ? -0.07 : 0.005;
    shape.loft(
      [
        ringY(y(low), 0.036 * s, 0.014 * s, { z: -0.048 * s }),
        ringY(y(low + 0.03), 0.048 * s, 0.026 * s, { z: -0.04 * s }),
        ringY(y(0.07), 0.052 * s, 0.038 * s, { z: -0.022 * s }),
        ringY(y(0.12), 0.046 * s, 0.036 * s, { z: -0.01 * s }),
      ],
      { segments: 9, paint: hair, bone },
    );
  }
  if (look.hairStyle === "bun")
    shape.ball([0, y(0.11), -0.066 * s], [0.024 * s, 0.024 * s, 0.022 * s], {
      paint: hair,
      bone,
      segments: 7,
      steps: 4,
    });
}

function headgear(shape, look, { height: h, neckY, headScale }) {
  const bone = [HEAD, 0, 0];
  const s = headScale * h;
  const y = (up) => neckY + up * s;
  const dome = (rim, width, top, look2) =>
    shape.loft(
      [
        ringY(y(rim), width * s, (width + 0.008) * s),
        ringY(y((rim + top) / 2), width * 1.02 * s, (width + 0.008) * s),
        ringY(y(top - 0.02), width * 0.75 * s, width * 0.85 * s),
        ringY(y(top), width * 0.2 * s, width * 0.25 * s),
      ],
      { segments: 11, paint: look2, bone },
    );
  const cloth = paint(look.hatColour, { cell: 1 });
  const hard = paint(look.hatColour, { gloss: 0.5 });
  switch (look.hat) {
    case "cap":
      dome(0.1, 0.049, 0.162, cloth);
      shape.loft([ringZ(0.03 * s, 0.045 * s, 0.008 * s, y(0.104)), ringZ(0.1 * s, 0.03 * s, 0.005 * s, y(0.098))], {
        paint: cloth,
        bone,
        segments: 8,
      });
      break;
    case "straw":
      shape.loft(
        [
          ringY(y(0.105), 0.12 * s),
          ringY(y(0.115), 0.118 * s),
          ringY(y(0.13), 0.052 * s),
          ringY(y(0.172), 0.036 * s),
          ringY(y(0.18), 0.01 * s),
        ],
        {
          segments: 14,
          paint: paint([0.62, 0.47, 0.24], { cell: 8 }),
          bone,
        },
      );
      break;
    case "wool":
      dome(0.085, 0.051, 0.168, paint(look.hatColour, { cell: 8 }));
      break;
    case "hood":
      dome(0.0, 0.056, 0.165, cloth);
      shape.ball([0, y(0.075), 0.026 * s], [0.038 * s, 0.05 * s, 0.043 * s], { paint: paint(look.skin), bone });
      break;
    case "helmet":
      dome(0.05, 0.062, 0.18, hard);
      shape.ball([0, y(0.07), 0.036 * s], [0.042 * s, 0.036 * s, 0.036 * s], { paint: paint(look.skin), bone });
      break;
    case "hardhat":
      dome(0.1, 0.056, 0.178, hard);
      shape.loft([ringY(y(0.1), 0.07 * s, 0.082 * s), ringY(y(0.108), 0.06 * s, 0.07 * s)], {
        segments: 12,
        paint: hard,
        bone,
      });
      break;
    default:
  }
}

function burden(shape, look, { height: h, build: b, shoulder, upperArm, foreArm }) {
  if (look.backpack) {
    const pack = paint(look.backpack, { cell: 15 });
    shape.loft(
      [0.6, 0.62, 0.7, 0.78, 0.8].map((y, i) =>
        ringY(y * h, [0.05, 0.078, 0.08, 0.07, 0.04][i] * h, [0.03, 0.05, 0.055, 0.045, 0.025][i] * h, {
          z: -(0.06 * b + 0.055) * h,
          square: 0.5,
        }),
      ),
      { paint: pack, bone: [CHEST, 0, 0], segments: 10 },
    );
  }
  if (look.bag) {
    const side = look.bag.hand;
    const x = sign(side) * shoulder[0];
    const y = shoulder[1] - upperArm - foreArm - 0.075 * h;
    const size = look.bag.size;
    shape.loft(
      [
        ringY(y - size, size * 0.28, size * 0.42),
        ringY(y - size * 0.9, size * 0.34, size * 0.5),
        ringY(y - size * 0.2, size * 0.2, size * 0.42),
        ringY(y, 0.012, 0.03),
      ].map((r) => ({ ...r, c: [x, r.c[1], 0.01], square: 0.3 })),
      {
        paint: paint(look.bag.colour, { cell: 15 }),
        bone: [BONE.BAG[side], 0, 0],
        segments: 9,
      },
    );
  }
  if (look.shoulderBag) {
    shape.box([0.13 * h * b, 0.5 * h, 0], [0.05 * h, 0.11 * h, 0.14 * h], {
      paint: paint(look.shoulderBag, { cell: 0, gloss: 0.05 }),
      bone: [PELVIS, CHEST, 0.5],
    });
    shape.tube([0.12 * h * b, 0.6 * h, 0.04 * h], [-0.06 * h, 0.83 * h, 0.03 * h], 0.008 * h, 0.008 * h, {
      paint: paint(look.shoulderBag),
      bone: [CHEST, 0, 0],
      segments: 5,
    });
  }
}

function umbrella(look, { height: h }) {
  const shape = new Shape();
  const bone = [CHEST, 0, 0];
  const x = -0.09 * h;
  const z = 0.12 * h;
  const top = 1.2 * h;
  shape.tube([x, 0.7 * h, z], [x, top, z], 0.008, 0.008, { paint: paint(grey(0.3)), bone });
  const ring = (y, r) => ringY(y, r, r, { x, z });
  shape.loft([ring(top - 0.2, 0.5), ring(top - 0.1, 0.4), ring(top - 0.03, 0.22), ring(top, 0.02)], {
    segments: 10,
    paint: paint(look.umbrella, { cell: 0 }),
    bone,
    caps: false,
  });
  shape.loft([ring(top - 0.2, 0.495), ring(top - 0.06, 0.2), ring(top - 0.03, 0.02)], {
    segments: 10,
    paint: paint(scaled(look.umbrella, 0.4)),
    bone,
  });
  return shape;
}
