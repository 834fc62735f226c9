/** All loops, by name, with the codec and rate factor of their file. */

import { laneNight } from "./lane_night.js";
import { marketRain } from "./market_rain.js";
import { reservoirBank } from "./reservoir_bank.js";
import { roadJunction } from "./road_junction.js";
import { FPS } from "./timing.js";
import { villageGateQuiet } from "./village_gate_quiet.js";
import { villageSquare } from "./village_square.js";

export const LOOPS = {
  village_square: { build: villageSquare, codec: "h264", crf: 30, fps: FPS, isClip: false },
  road_junction: { build: roadJunction, codec: "h265", crf: 29, fps: FPS, isClip: false },
  reservoir_bank: { build: reservoirBank, codec: "h264", crf: 27, fps: FPS, isClip: false },
  lane_night: { build: laneNight, codec: "h264", crf: 32, fps: FPS, isClip: false },
  market_rain: { build: marketRain, codec: "h265", crf: 31, fps: FPS, isClip: false },
  village_gate_quiet: { build: villageGateQuiet, codec: "h264", crf: 29, fps: FPS, isClip: false },
};
