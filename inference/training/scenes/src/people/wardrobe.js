/**
 * What a person looks like: a plain description drawn from chance, which body.js sews together.
 */
import { grey, hex, hsl, mixed, varied } from "../colour.js";

const SKIN = [0xe8b998, 0xd9a582, 0xc68e6a, 0xb57f5c, 0xa56d4b, 0xf0c8aa, 0x8a5a3c, 0x6b4530];
const HAIR = [0x14110f, 0x1d1815, 0x2a211b, 0x3a2a1f, 0x55504c, 0x8d8a86, 0xc4c1bc, 0x5c3a22];
const TOPS = [
  0x1f2226, 0x2b2f38, 0x3a4250, 0x46566b, 0x24324a, 0x6b7480, 0x8f949a, 0xd8d8d4, 0xf0efe9, 0x7a2f2c, 0xa03a30,
  0x8a6a48, 0x4f5a3d, 0x2f4a3a, 0x6f5a7a, 0xc9b28a, 0x3f6ea3, 0xc4423b, 0xd9a23a, 0x2c2a28, 0xb8647a, 0x4a3b32,
];
const BOTTOMS = [0x17181b, 0x22252b, 0x2a3346, 0x35425a, 0x4a4f57, 0x5b5146, 0x8a7c66, 0x3c3a36, 0x6a6f75, 0x2b2622];
const SHOES = [0x141414, 0x202020, 0x3a2a1e, 0xd9d9d6, 0xe8e6e0, 0x5a5a5a, 0x7a4a30];
const HELMETS = [0xd8362e, 0x2f5fb0, 0xe6b72c, 0xf2f2f2, 0x222222, 0xd77aa0, 0x5fae9e];
const CALM_CELLS = [1, 1, 1, 2, 8, 13, 15, 1, 5, 3];

/**
 * @param random where the choices come from
 * @param options `wild`: any colour on anything, as training needs it; `rider`: may wear a helmet;
 *   `worker`: wears a vest; `rain`: may carry an umbrella; `child`: true, false or left to chance
 */
export function dressed(random, options = {}) {
  const { wild = false, rider = false, worker = false, rain = false } = options;
  const isChild = options.child ?? random.chance(wild ? 0.14 : 0.08);
  const isWoman = random.chance(0.5);
  const isOld = !isChild && random.chance(0.22);
  const youth = isChild ? random.range(0.45, 1) : 0;
  const adult = isWoman ? random.normal(1.6, 0.05) : random.normal(1.7, 0.06);
  const any = () =>
    random.chance(0.12)
      ? grey(random.range(0.02, 0.98))
      : hsl(random.next(), random.range(0.05, 0.95), random.range(0.08, 0.85));
  const colour = (list) => (wild && random.chance(0.4) ? any() : varied(hex(random.pick(list)), random, 0.15));
  const cell = () => (wild ? random.int(0, 13) : random.pick(CALM_CELLS));
  const top = random.weighted({
    shirt: 3,
    jacket: 4,
    coat: isChild ? 0.3 : 1.2,
    tshirt: 3,
    dress: isWoman ? 1 : 0,
    downjacket: 1,
  });
  let bottom = random.weighted({ trousers: 7, shorts: 1.4, skirt: isWoman ? 1.4 : 0, leggings: isWoman ? 1 : 0 });
  if (rider && (bottom === "skirt" || top === "dress")) bottom = "trousers";
  return {
    height: isChild ? 1.4 - 0.4 * youth + random.range(-0.05, 0.05) : adult,
    build: random.range(0.88, 1.12) + (random.chance(0.18) ? random.range(0.05, 0.2) : 0),
    youth,
    stoop: isOld ? random.range(0.08, 0.35) : random.range(-0.02, 0.07),
    skin: wild ? varied(hex(random.pick(SKIN)), random, 0.2) : varied(hex(random.pick(SKIN.slice(0, 6))), random, 0.08),
    hair: isOld
      ? hex(random.pick(HAIR.slice(4, 7)))
      : varied(hex(random.pick(HAIR.slice(0, wild ? 8 : 4))), random, 0.3),
    hairStyle: isWoman
      ? random.weighted({ long: 3, bob: 3, bun: 2, short: 1 })
      : random.weighted({ short: 6, crop: 2, bald: 0.7 }),
    hat: rider
      ? random.weighted({ helmet: 5, none: 3, cap: 0.5 })
      : worker
        ? "hardhat"
        : random.weighted({ none: 7, cap: 1.2, straw: 0.8, wool: 0.5, hood: wild ? 0.6 : 0.2 }),
    hatColour: rider || worker ? varied(hex(random.pick(HELMETS)), random, 0.1) : colour(TOPS),
    top: rider && (top === "dress" || top === "coat") ? "jacket" : top,
    topColour: colour(TOPS),
    topCell: cell(),
    underColour: colour(TOPS),
    longSleeves: top !== "tshirt" && !(top === "dress" && random.chance(0.5)),
    bottom: top === "dress" && !rider ? "dress" : bottom,
    bottomColour: colour(BOTTOMS),
    bottomCell: wild ? random.pick([0, 1, 1, 2, 2, 4, 5, 6]) : random.pick([1, 1, 2]),
    shoeColour: colour(SHOES),
    vest:
      worker || random.chance(wild ? 0.05 : 0.02)
        ? mixed(hsl(random.pick([0.08, 0.17, 0.22]), 0.95, 0.52), grey(0.8), 0.05)
        : null,
    backpack: !rider && random.chance(0.12) ? colour(TOPS) : null,
    bag:
      !rider && random.chance(0.18)
        ? { colour: colour(TOPS), hand: random.int(0, 1), size: random.range(0.18, 0.34) }
        : null,
    shoulderBag: random.chance(0.1) ? colour(TOPS) : null,
    umbrella: (rain && random.chance(0.55)) || (wild && random.chance(0.03)) ? any() : null,
  };
}
