/**
 * Bones of a person: lengths from the height, and bone matrices from a posture.
 *
 * Body coordinates in metres: origin on the ground between the feet, x left, y up, z ahead.
 * A posture says where hips, ankles and hands are; the joints between follow.
 */
import { Matrix4, Vector3 } from "three";

export const BONE = {
  PELVIS: 0,
  CHEST: 1,
  HEAD: 2,
  UPPER_ARM: [3, 5],
  FORE_ARM: [4, 6],
  THIGH: [7, 10],
  SHIN: [8, 11],
  FOOT: [9, 12],
  /** What hangs from a hand: moves with it, never turns. */
  BAG: [13, 14],
};
const N_BONES = 15;
const LEFT = 0;
/** +1 for the left side, -1 for the right. */
export const sign = (side) => (side === LEFT ? 1 : -1);

/**
 * @param height metres, shoes included
 * @param build 1 is average, 1.2 is stout
 * @param youth 0 for an adult, 1 for a small child: larger head, shorter legs
 */
export function skeletonOf(height, build = 1, youth = 0) {
  const h = height;
  return {
    height: h,
    build,
    youth,
    hip: [0.05 * h * build, (0.525 - 0.02 * youth) * h, 0],
    kneeY: 0.285 * h,
    ankleY: 0.045 * h,
    shoulder: [0.108 * h * (0.8 + 0.2 * build), (0.815 - 0.03 * youth) * h, 0],
    upperArm: 0.172 * h,
    foreArm: 0.155 * h,
    waistY: 0.59 * h,
    neckY: (0.85 - 0.04 * youth) * h,
    headScale: 1 + 0.3 * youth,
  };
}

/**
 * Where everything of a body is at one moment.
 * @typedef {object} Posture
 * @property {number[]} hips metres
 * @property {number} [lean] of the torso ahead, radians; `sway` to the left, `twist` to the left
 * @property {{yaw: number, nod: number}} [head] relative to the torso, radians
 * @property {number[][]} ankles left and right
 * @property {number[]} [footPitch] toes down, radians
 * @property {number} [kneesOut] 0 straight ahead, 1 sideways
 * @property {object[]} arms left and right: `{swing, spread, bend}` in radians or `{hand: [x, y, z], elbow: hint}`
 */

/** Matrices of all bones, from rest (standing straight, arms down) to `posture`, placed by `root`. */
export function bonesOf(skeleton, posture, root) {
  const bones = Array.from({ length: N_BONES }, () => new Matrix4());
  const { hip, waistY, neckY, shoulder } = skeleton;
  const lean = posture.lean ?? 0;
  const pelvis = pivoted(
    root,
    posture.hips,
    [0, hip[1], 0],
    [lean * 0.35, posture.pelvisTwist ?? 0, (posture.sway ?? 0) * 0.3],
  );
  const waist = [0, waistY, 0];
  const chest = pivoted(pelvis, waist, waist, [lean * 0.65, posture.twist ?? 0, posture.sway ?? 0]);
  const neck = [0, neckY, 0];
  const head = pivoted(chest, neck, neck, [posture.head?.nod ?? 0, posture.head?.yaw ?? 0, 0]);
  bones[BONE.PELVIS].copy(pelvis);
  bones[BONE.CHEST].copy(chest);
  bones[BONE.HEAD].copy(head);
  for (const side of [0, 1]) {
    const s = sign(side);
    leg(bones, skeleton, posture, root, pelvis, side, [s * hip[0], hip[1], 0]);
    arm(bones, skeleton, posture.arms[side], root, chest, side, [s * shoulder[0], shoulder[1], 0]);
  }
  return bones;
}

function leg(bones, skeleton, posture, root, pelvis, side, joint) {
  const { kneeY, ankleY, hip } = skeleton;
  const s = sign(side);
  const from = point(joint, pelvis);
  const out = posture.kneesOut ?? 0.08;
  const ahead = heading([s * out, 0, 1], root);
  const left = heading([1, 0, 0], root).addScaledVector(heading([0, 0, 1], root), -s * out);
  const to = point(posture.ankles[side], root);
  const knee = middleJoint(from, to, hip[1] - kneeY, kneeY - ankleY, ahead);
  const thighway = knee.clone().sub(from).normalize();
  const shinway = to.clone().sub(knee).normalize();
  const ankle = knee.clone().addScaledVector(shinway, kneeY - ankleY);
  const restKnee = [joint[0], kneeY, 0];
  const restAnkle = [joint[0], ankleY, 0];
  limb(bones[BONE.THIGH[side]], joint, from, thighway, left);
  limb(bones[BONE.SHIN[side]], restKnee, knee, shinway, left);
  const pitch = posture.footPitch?.[side] ?? 0;
  const sole = heading([0, -Math.cos(pitch), -Math.sin(pitch)], root);
  limb(bones[BONE.FOOT[side]], restAnkle, ankle, sole, left);
}

function arm(bones, skeleton, pose, root, chest, side, joint) {
  const { upperArm, foreArm } = skeleton;
  const s = sign(side);
  const from = point(joint, chest);
  const left = heading([1, 0, 0], chest);
  let upperway;
  let foreway;
  if (pose.hand) {
    const hint = heading(pose.elbow ?? [s * 0.6, -0.6, -0.7], chest);
    const to = point(pose.hand, pose.inWorld ? root : chest);
    const elbow = middleJoint(from, to, upperArm, foreArm, hint);
    upperway = elbow.clone().sub(from).normalize();
    foreway = to.clone().sub(elbow).normalize();
  } else {
    const { swing = 0, spread = 0.1, bend = 0.2 } = pose;
    const fore = swing + bend;
    upperway = heading(
      [s * Math.sin(spread), -Math.cos(swing) * Math.cos(spread), Math.sin(swing) * Math.cos(spread)],
      chest,
    );
    foreway = heading([s * Math.sin(spread * 0.4), -Math.cos(fore), Math.sin(fore)], chest);
  }
  const elbow = from.clone().addScaledVector(upperway, upperArm);
  limb(bones[BONE.UPPER_ARM[side]], joint, from, upperway, left);
  limb(bones[BONE.FORE_ARM[side]], [joint[0], joint[1] - upperArm, 0], elbow, foreway, left);
  const hand = elbow.clone().addScaledVector(foreway, foreArm);
  bones[BONE.BAG[side]]
    .extractRotation(root)
    .setPosition(hand)
    .multiply(new Matrix4().makeTranslation(-joint[0], upperArm + foreArm - joint[1], 0));
}

const point = (p, matrix) => new Vector3(...p).applyMatrix4(matrix);
const heading = (d, matrix) => new Vector3(...d).transformDirection(matrix);

/** `parent` with the point `rest` moved to `at` and turned about it by `[pitch, yaw, roll]`. */
function pivoted(parent, at, rest, [pitch, yaw, roll]) {
  const turn = new Matrix4().makeRotationY(yaw);
  turn.multiply(new Matrix4().makeRotationX(pitch)).multiply(new Matrix4().makeRotationZ(roll));
  return parent
    .clone()
    .multiply(new Matrix4().makeTranslation(...at))
    .multiply(turn)
    .multiply(new Matrix4().makeTranslation(-rest[0], -rest[1], -rest[2]));
}

/** Knee or elbow of a chain `from`-`to` whose two bones are `first` and `second` long, bent towards `hint`. */
function middleJoint(from, to, first, second, hint) {
  const way = to.clone().sub(from);
  const reach = Math.min(Math.max(way.length(), Math.abs(first - second) + 0.02), (first + second) * 0.999);
  way.normalize();
  const cos = (first * first + reach * reach - second * second) / (2 * first * reach);
  const side = hint.clone().addScaledVector(way, -hint.dot(way)).normalize();
  return from
    .clone()
    .addScaledVector(way, first * cos)
    .addScaledVector(side, first * Math.sqrt(Math.max(0, 1 - cos * cos)));
}

/** A bone that hangs down from `rest` in rest, now hanging from `at` along `way`, its left side towards `left`. */
function limb(matrix, rest, at, way, left) {
  const y = way.clone().negate();
  const x = left.clone().addScaledVector(y, -left.dot(y)).normalize();
  const z = x.clone().cross(y);
  matrix.makeBasis(x, y, z).setPosition(at);
  matrix.multiply(new Matrix4().makeTranslation(-rest[0], -rest[1], -rest[2]));
}
