/**
 * Random scenes for training: strong variation first, plausibility second.
 *
 * A scene is built once and photographed a few times, each time with another camera and everything that can move put
 * elsewhere. Scene and pictures follow from `hash(seed, scene number)` alone.
 */
import { Animal } from "./animals.js";
import { cameraOf, groundUnder } from "./camera.js";
import { grey, hsl } from "./colour.js";
import { Figure } from "./figure.js";
import { headingOf, rootAt } from "./ground.js";
import { WEATHERS } from "./light.js";
import { Person } from "./people/person.js";
import { indoor } from "./places/indoor.js";
import { courtyard, junction, lane, market, reservoir, square } from "./places/outdoor.js";
import { Random } from "./random.js";
import { paint, Shape } from "./shape.js";
import { CAR_KINDS, makeCar } from "./vehicles/cars.js";
import { CYCLE_KINDS, makeCycle, makeTricycle } from "./vehicles/cycles.js";
import { makeBus, makeTruck } from "./vehicles/heavy.js";
import { World } from "./world.js";

/** Pictures of one scene. */
const SHOTS = 4;
/** Less than this is a region to ignore. */
const MIN_HEIGHT_PX = 8;
const MIN_VISIBILITY = 0.2;
/** Of 255; what is darker cannot be seen by anybody. */
const MIN_BRIGHTNESS = 22;

/** Yields `{number, labels, jpeg, place}` for the pictures `from` to `to` (exclusive) of the set `seed`. */
export async function* stillPictures(stage, seed, from, to) {
  for (let scene = Math.floor(from / SHOTS); scene * SHOTS < to; scene++) {
    const random = new Random(seed, scene);
    const set = buildSet(random, stage);
    for (let shot = 0; shot < SHOTS; shot++) {
      const number = scene * SHOTS + shot;
      const chance = random.fork("shot");
      if (number < from || number >= to) continue;
      yield { number, place: set.name, ...(await photograph(stage, set, chance)) };
    }
    set.world.dispose();
  }
}

const BUILDERS = { square, junction, lane, courtyard, market, reservoir, indoor };
/** How often each place is built, relative to the others. */
const PLACES = { square: 2.2, junction: 2.2, lane: 2, courtyard: 1.2, market: 1.2, reservoir: 1.2, indoor: 2.6 };

function buildSet(random, stage) {
  const world = new World();
  const name = random.weighted(PLACES);
  const isIndoor = name === "indoor";
  const weatherName = isIndoor
    ? random.weighted({ room: 8, lamps: 0.6, infrared: 1.2 })
    : random.weighted({
        sun: 5,
        lowsun: 2,
        overcast: 4,
        haze: 1.5,
        dusk: 1.3,
        rain: 1.5,
        fog: 0.6,
        lamps: 2,
        infrared: 1.6,
      });
  const weather = variedWeather(random, WEATHERS[weatherName]);
  const place = BUILDERS[name](world, random, {
    isLit: weatherName === "lamps" || weatherName === "dusk",
  });
  if (isIndoor && weather.rig === "lamps")
    world.lamps = [
      [0, place.height - 0.2, -5],
      [0, place.height - 0.2, -10],
    ];
  if (isIndoor) Object.assign(weather, { key: weather.key && weather.key * 0.35, fill: 8, fog: 0.0005 });
  const cast = hire(world, random, place, weatherName);
  world.finish(weather, {
    radius: isIndoor ? 11 : 20,
    centre: [0, isIndoor ? 7 : 13],
    shadowSize: stage.shadowSize,
    cameraHeight: 3,
  });
  return { world, name, weatherName, weather, place, cast };
}

function variedWeather(random, weather) {
  return {
    ...weather,
    azimuth: random.range(-180, 180),
    elevation: Math.min(80, Math.max(14, (weather.elevation ?? 50) + random.range(-18, 18))),
    sun: (weather.sun ?? 0) * random.range(0.7, 1.25),
    ambient: weather.ambient * random.range(0.75, 1.25),
    fog: weather.fog * random.range(0.5, 1.6),
    key: weather.key && weather.key * random.range(0.6, 1.6),
  };
}

/** Everything that can move: people, vehicles with their riders, animals, stools. */
function hire(world, random, place, weatherName) {
  const isRain = weatherName === "rain";
  const cast = { people: [], vehicles: [], mounts: [], animals: [], stools: [] };
  const crowd = random.weighted({ none: 0.5, few: 4, some: 4, many: 2 });
  const n = { none: 0, few: random.int(1, 3), some: random.int(4, 8), many: random.int(9, place.isIndoor ? 14 : 22) }[
    crowd
  ];
  for (let i = 0; i < n; i++)
    cast.people.push(
      world.add(new Person(random.fork("person"), { wild: true, rain: isRain, worker: random.chance(0.05) })),
    );
  for (let i = random.int(0, 3); i > 0; i--) cast.stools.push(world.addFigure(stool(random)));
  if (place.isIndoor) return cast;
  const traffic = place.lanes.length ? random.int(1, 5) : random.int(0, 2);
  for (let i = 0; i < traffic; i++) {
    const kind = random.weighted({ car: 6, bus: 2, truck: 2 });
    const make = {
      car: () => makeCar(random, random.pick(CAR_KINDS), { wild: true }),
      bus: () => makeBus(random, { wild: true }),
      truck: () => makeTruck(random, undefined, { wild: true }),
    };
    cast.vehicles.push(world.add(make[kind]()));
  }
  for (let i = random.int(0, place.lanes.length ? 4 : 3); i > 0; i--) {
    const vehicle = world.add(
      random.chance(0.3)
        ? makeTricycle(random, { wild: true })
        : makeCycle(random, random.pick(CYCLE_KINDS), { wild: true }),
    );
    const rider = random.chance(0.72)
      ? world.add(new Person(random.fork("rider"), { wild: true, rider: true, child: false }))
      : null;
    const pillion =
      rider && vehicle.kind !== "bicycle" && random.chance(0.15)
        ? world.add(new Person(random.fork("pillion"), { wild: true, rider: true }))
        : null;
    cast.mounts.push({ vehicle, rider, pillion });
  }
  if (random.chance(0.3)) for (let i = random.int(1, 4); i > 0; i--) cast.animals.push(world.add(new Animal(random)));
  return cast;
}

function stool(random) {
  const shape = new Shape();
  const look = paint(random.chance(0.5) ? grey(random.range(0.1, 0.8)) : hsl(random.next(), 0.6, 0.4), { cell: 1 });
  shape.box([0, 0.4, 0], [0.36, 0.05, 0.36], { paint: look });
  for (const [x, z] of [
    [1, 1],
    [1, -1],
    [-1, 1],
    [-1, -1],
  ])
    shape.tube([x * 0.15, 0, z * 0.15], [x * 0.13, 0.4, z * 0.13], 0.02, 0.02, { paint: look, segments: 5 });
  if (random.chance(0.5)) shape.box([0, 0.5, -0.17], [0.36, 0.4, 0.04], { paint: look });
  return new Figure(shape);
}

async function photograph(stage, set, random) {
  const { world, place } = set;
  const camera = randomCamera(random, stage, place);
  world.moveTo(random.range(0, 20));
  arrange(set, random, camera);
  const { sensor, scale } = randomSensor(random, set);
  const text = random.chance(0.5) ? randomText(random, stage) : [];
  stage.draw(world, camera, { sensor, scale, text, noiseSeed: random.next() });
  const isNight = set.weather.rig === "lamps";
  const labels = stage.label(world, camera).map(({ cls, box, visibility }) => {
    const isUseless =
      box.height < MIN_HEIGHT_PX || visibility < MIN_VISIBILITY || (isNight && stage.brightness(box) < MIN_BRIGHTNESS);
    return { cls: isUseless ? -1 : cls, box, visibility };
  });
  return { labels, jpeg: await stage.jpeg(random.range(0.6, 0.95)) };
}

function randomCamera(random, stage, place) {
  const roll = random.chance(0.2) ? random.range(-4, 4) : 0;
  const view = place.isIndoor
    ? { height: random.range(1.9, place.height - 0.15), pitch: random.range(8, 36), fov: random.range(42, 78) }
    : random.pick([
        { height: random.range(3, 8), pitch: random.range(15, 40), fov: random.range(35, 60) },
        { height: random.range(3, 6), pitch: random.range(12, 28), fov: random.range(32, 55) },
        { height: random.range(1.8, 3.4), pitch: random.range(5, 26), fov: random.range(40, 72) },
        { height: random.range(6, 10), pitch: random.range(28, 55), fov: random.range(35, 55) },
      ]);
  return cameraOf({ ...view, yaw: random.range(-16, 16), roll }, stage.width, stage.height);
}

/** Puts everything that can move somewhere in the picture. */
function arrange({ world, place, cast }, random, camera) {
  const taken = world.obstacles.length;
  const spot = (radius, isOnRoadToo = false) => {
    const [top, farthest] = place.isIndoor ? [0.1, place.depth] : [0.08, 48];
    for (let attempt = 0; attempt < 25; attempt++) {
      const found = groundUnder(camera, [random.range(0.01, 0.99), random.range(top, 1.12)]);
      if (!found || found[1] > farthest || found[1] < 1.2 || !world.isFree(found, radius)) continue;
      if (place.isRoad(found) && !(isOnRoadToo || (!place.isIndoor && !place.water && random.chance(0.15)))) continue;
      return found;
    }
    return null;
  };
  for (const vehicle of cast.vehicles) parkOrDrive(world, place, random, vehicle, spot);
  for (const mount of cast.mounts) {
    const { vehicle, rider, pillion } = mount;
    parkOrDrive(world, place, random, vehicle, spot, rider);
    rider?.ride(vehicle, random.range(0, 9));
    pillion?.ridePillion(vehicle, random.range(0, 9));
  }
  for (const animal of cast.animals) {
    const found = spot(0.6, true) ?? HIDDEN;
    world.take(found, 0.5);
    animal.walk(found, headingOf(random.range(0, 6.3)), {
      distance: random.range(0, 5),
      speed: random.pick([0, 0.8, 1.5]),
      time: random.range(0, 9),
    });
  }
  const stools = [...cast.stools];
  for (let i = 0; i < cast.people.length; ) {
    const size = random.chance(0.4) ? random.int(2, 7) : 1;
    group(world, place, random, cast.people.slice(i, i + size), spot, stools);
    i += size;
  }
  for (const left of stools) left.bend([rootAt(spot(0.4) ?? HIDDEN, headingOf(random.range(0, 6.3)))]);
  world.obstacles.length = taken;
}

/** Behind the camera. */
const HIDDEN = [0, -30];

function parkOrDrive(world, place, random, vehicle, spot, rider = null) {
  const radius = Math.max(0.6, vehicle.width * 0.6);
  const steer = random.range(-0.4, 0.4);
  const go = (where, heading) => {
    for (const s of [-0.35, 0, 0.35])
      world.take([where[0] + heading[0] * vehicle.length * s, where[1] + heading[1] * vehicle.length * s], radius);
    vehicle.drive(where, heading, {
      distance: random.range(0, 9),
      steer,
      lean: rider ? 0 : vehicle.wheels.length === 2 ? 0.14 : 0,
    });
  };
  for (let attempt = 0; attempt < 12; attempt++) {
    let where;
    let heading;
    if (place.lanes.length && random.chance(0.75)) {
      const { from, to } = random.pick(place.lanes);
      const [dx, dd] = [to[0] - from[0], to[1] - from[1]];
      const length = Math.hypot(dx, dd);
      const s = random.range(0.02, 0.98);
      heading = headingOf(Math.atan2(dx, dd) + random.range(-0.08, 0.08));
      const off = random.range(-0.5, 0.5);
      where = [from[0] + dx * s + (dd / length) * off, from[1] + dd * s - (dx / length) * off];
      if (where[1] < 2 || where[1] > 60) continue;
    } else {
      where = spot(radius, true);
      if (!where || (place.water && where[1] > place.water.from - 2)) continue;
      heading = headingOf(random.range(0, 6.3));
    }
    const ends = [-0.45, 0, 0.45].map((s) => [
      where[0] + heading[0] * vehicle.length * s,
      where[1] + heading[1] * vehicle.length * s,
    ]);
    if (ends.every((end) => world.isFree(end, radius * 0.9) && end[1] > 1.5)) {
      go(where, heading);
      return;
    }
  }
  go(HIDDEN, [0, -1]);
}

/** A few people together, each doing something. */
function group(world, place, random, people, spot, stools) {
  const centre = spot(0.35) ?? HIDDEN;
  const common = random.range(0, 6.3);
  const isCircle = random.chance(0.5);
  people.forEach((person, i) => {
    const angle = (i / people.length) * 2 * Math.PI + random.range(-0.4, 0.4);
    const out = people.length === 1 ? 0 : random.range(0.45, 0.5 + 0.22 * people.length);
    const where = [centre[0] + Math.sin(angle) * out, centre[1] + Math.cos(angle) * out];
    const facing =
      isCircle && people.length > 1 ? angle + Math.PI + random.range(-0.5, 0.5) : common + random.range(-0.5, 0.5);
    world.take(where, 0.25);
    act(place, random, person, where, headingOf(people.length === 1 ? random.range(0, 6.3) : facing), stools);
  });
}

function act(place, random, person, where, heading, stools) {
  const time = random.range(0, 30);
  if (place.water && where[1] > place.water.from) {
    if (random.chance(0.7)) person.swim(where, heading, time, place.water.level);
    else person.wade(where, heading, { distance: random.range(0, 9), speed: 0.6 }, random.range(0.2, 0.8));
    return;
  }
  const what = random.weighted({ walk: 5, run: 0.5, stand: 4, sit: 1.1, crouch: 0.7, bend: 0.5, lie: 0.5, fall: 0.25 });
  switch (what) {
    case "walk":
      person.walk(where, heading, { distance: random.range(0, 20), speed: random.range(0.6, 1.6), time });
      break;
    case "run":
      person.walk(where, heading, { distance: random.range(0, 20), speed: random.range(2, 3), time });
      break;
    case "sit": {
      stools.pop()?.bend([rootAt(where, heading)]);
      person.sit(where, heading, time, 0.42);
      break;
    }
    case "crouch":
      person.crouch(where, heading, time);
      break;
    case "bend":
      person.bendDown(where, heading, time, random.range(0.4, 1));
      break;
    case "lie":
      person.lie(where, heading, { way: random.pick(["ahead", "back", "left", "right"]) });
      break;
    case "fall":
      person.lie(where, heading, {
        way: random.pick(["ahead", "back", "left", "right"]),
        progress: random.range(0.5, 0.95),
      });
      break;
    default:
      person.stand(where, heading, time);
  }
}

function randomSensor(random, { weather, weatherName }) {
  const isNight = weather.rig === "lamps";
  const isInfrared = weatherName === "infrared" || (isNight && random.chance(0.2));
  const strong = random.chance(0.25) ? 2 : 1;
  return {
    scale: random.pick([0.6, 0.8, 1, 1.25, 1.25, 1.5]),
    sensor: {
      exposure: random.range(0.7, 1.5),
      contrast: random.range(0.8, 1.25),
      saturation: isInfrared ? 0 : random.chance(0.06) ? 0 : random.range(0.5, 1.3),
      tint: isInfrared ? [1, 1, 1] : [random.range(0.92, 1.08), random.range(0.96, 1.04), random.range(0.9, 1.1)],
      softness: random.range(0, 0.9) * strong,
      sharpening: random.chance(0.5) ? random.range(0, 0.9) : 0,
      lumaNoise: random.range(0.002, isNight ? 0.045 : 0.02) * strong,
      chromaNoise: random.range(0, isNight ? 0.04 : 0.015),
      vignette: random.range(0, 0.5),
      rain: weatherName === "rain" && random.chance(0.7) ? random.range(0.01, 0.06) : 0,
      haze: random.chance(0.15) ? random.range(0.03, 0.25) : 0,
    },
  };
}

function randomText(random, { height }) {
  const two = (low, high) => String(random.int(low, high)).padStart(2, "0");
  const size = Math.round(height * random.range(0.03, 0.05));
  const stamp = {
    text: `20${two(18, 26)}-${two(1, 12)}-${two(1, 28)} ${two(0, 23)}:${two(0, 59)}:${two(0, 59)}`,
    x: random.pick([0.02, 0.6]),
    y: random.pick([0.06, 0.97]),
    size,
  };
  return random.chance(0.5)
    ? [stamp]
    : [stamp, { text: `CAM ${two(1, 99)}`, x: random.pick([0.03, 0.8]), y: stamp.y < 0.5 ? 0.97 : 0.07, size }];
}
