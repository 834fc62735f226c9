/** All clips of the evaluation, by name, with the codec and rate factor of their file. */
import * as accidents from "./accidents.js";
import { FPS } from "./clip.js";
import * as crowds from "./crowds.js";
import * as down from "./down.js";
import * as left from "./left.js";
import * as loitering from "./loitering.js";
import * as quiet from "./quiet.js";
import * as stopped from "./stopped.js";
import * as waters from "./waters.js";
import * as ways from "./ways.js";

/** Coarse, so that all of them stay small; `keyRatio` 0.95: keyframes a little coarser still, as they are most of a file. */
const CRF = 35;

const clip = (build, crf = CRF) => ({ build, codec: "h264", crf, keyRatio: 0.95, fps: FPS, isClip: true });

export const CLIPS = {
  stopped_car: clip(stopped.stoppedCar, 36),
  stopped_truck_rain: clip(stopped.stoppedTruckRain),
  stopped_waiting: clip(stopped.stoppedWaiting),
  accident_car_ebike: clip(accidents.accidentCarEbike),
  accident_cars: clip(accidents.accidentCars),
  accident_rear_end: clip(accidents.accidentRearEnd, 36),
  accident_motorcycle_tricycle: clip(accidents.accidentMotorcycleTricycle),
  accident_near_miss: clip(accidents.accidentNearMiss),
  accident_dense_traffic: clip(accidents.accidentDenseTraffic, 36),
  down_square: clip(down.downSquare),
  down_shops: clip(down.downShops),
  down_night: clip(down.downNight, 36),
  down_nobody: clip(down.downNobody),
  left_suitcase: clip(left.leftSuitcase),
  left_goods: clip(left.leftGoods),
  left_nothing: clip(left.leftNothing),
  loiter_shops: clip(loitering.loiterShops),
  loiter_night: clip(loitering.loiterNight, 36),
  loiter_passers: clip(loitering.loiterPassers),
  wrong_way_ebike: clip(ways.wrongWayEbike, 36),
  wrong_way_car_night: clip(ways.wrongWayCarNight, 36),
  wrong_way_tricycle: clip(ways.wrongWayTricycle),
  right_way_rain: clip(ways.rightWayRain, 36),
  water_edge_dusk: clip(waters.waterEdgeDusk),
  water_edge_nobody: clip(waters.waterEdgeNobody),
  surge_square: clip(crowds.surgeSquare),
  surge_shops: clip(crowds.surgeShops),
  surge_slow: clip(crowds.surgeSlow),
  quiet_crossing: clip(quiet.quietCrossing, 36),
  quiet_night: clip(quiet.quietNight, 37),
  quiet_wind: clip(quiet.quietWind, 36),
  quiet_rain: clip(quiet.quietRain, 36),
};
