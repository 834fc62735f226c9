/** What alarms are called and say, in Chinese. */
import type { Evidence } from "../api/types";

export const objectClass: Record<string, string> = {
  person: "人员",
  bicycle: "自行车",
  motorcycle: "摩托车",
  two_wheeler: "两轮车",
  tricycle: "三轮车",
  car: "小汽车",
  bus: "大客车",
  truck: "货车",
  animal: "动物",
  fire: "明火",
  smoke: "烟雾",
  other: "其他物体",
};

export const incidentClass: Record<string, string> = {
  crowding: "人员聚集",
  crowd_surge: "人群激增",
  intrusion: "区域入侵",
  water_edge: "临水警戒",
  line_crossing: "越线",
  wrong_way: "车辆逆行",
  loitering: "徘徊滞留",
  stopped_vehicle: "车辆违停",
  accident: "疑似交通事故",
  person_down: "人员倒地",
  left_object: "遗留物品",
  running: "人群奔跑",
  smoke: "烟雾",
  fire: "明火",
};

const sign: Record<string, string> = {
  contact: "相向接触",
  abrupt_stop: "骤停",
  both_abrupt: "双方骤停",
  halted: "停在原地",
  person_down: "有人倒地",
  bystander: "有人驻足",
  bystanders: "多人围观",
};

const place = (e: Evidence) => e.zone?.name ?? "画面";
const held = (e: Evidence) => Math.round(e.held_ms / 1000);
const seconds = (ms: number) => Math.round(ms / 1000);
const limit = (e: Evidence) => (e.detail?.of === "stay" ? `，上限 ${seconds(e.detail.limit_ms)} 秒` : "");

/** Codes and numbers become the sentence that a person reads. */
export function sentence(e: Evidence): string {
  const what = objectClass[e.class] ?? e.class;
  const many = e.count > 1 ? ` ${e.count} 个` : "";
  const detail = e.detail;
  switch (e.rule_class) {
    case "crowding":
      return `${place(e)} 内 ${e.count} 人，已 ${held(e)} 秒，上限 ${e.limit}`;
    case "crowd_surge": {
      const grew = detail?.of === "growth" ? detail : { from: 0, to: e.count, within_ms: 0 };
      const within = grew.within_ms > 0 ? `${seconds(grew.within_ms)} 秒内` : "";
      return `${place(e)} ${within}由 ${grew.from} 人增至 ${grew.to} 人，上限增加 ${e.limit} 人`;
    }
    case "line_crossing": {
      if (detail?.of !== "crossing") return `${what}${many} 越线`;
      return `${what}${many} 越过 ${detail.line.name}：正向 ${detail.forward}，反向 ${detail.backward}`;
    }
    case "wrong_way":
      return `${what}${many} 在 ${place(e)} 逆行，已 ${held(e)} 秒`;
    case "loitering":
      return `${what}${many} 在 ${place(e)} 停留 ${held(e)} 秒${limit(e)}`;
    case "stopped_vehicle":
      return `${what}${many} 停在 ${place(e)} ${held(e)} 秒${limit(e)}`;
    case "accident": {
      const signs = detail?.of === "accident" ? detail.signs.map((s) => sign[s] ?? s) : [];
      const why = signs.length > 0 ? `：${signs.join("、")}` : "";
      return `${place(e)} 疑似交通事故（${Math.round(e.score * 100)}%）${why}`;
    }
    case "person_down":
      return `${e.count > 1 ? `${e.count} 人` : "有人"} 在 ${place(e)} 倒地未起，已 ${held(e)} 秒${limit(e)}`;
    case "left_object":
      return `${place(e)} 有${e.count > 1 ? ` ${e.count} 件` : ""}无人看管的物品，已 ${held(e)} 秒${limit(e)}`;
    case "running":
      return `${place(e)} 内 ${e.count} 人奔跑，已 ${held(e)} 秒，上限 ${e.limit}`;
    case "smoke":
    case "fire":
      return `${place(e)} 出现${what}，已 ${held(e)} 秒`;
    case "water_edge":
      return `${what}${many} 靠近水边 ${place(e)}，已 ${held(e)} 秒`;
    // Intrusion, and whatever a newer gateway may say.
    default:
      return `${what}${many} 进入 ${place(e)}，已 ${held(e)} 秒`;
  }
}
