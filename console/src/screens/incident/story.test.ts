import { describe, expect, it } from "vitest";
import type { ClockRow } from "../../api/desk";
import type { HistoryRow } from "../../api/types";
import { en } from "../../i18n/en";
import { zh } from "../../i18n/zh";
import { dials } from "./dials";
import { detailsOf, type Names } from "./story";

const names: Names = {
  classOf: (id) => ({ fire: "明火" })[id] ?? id,
  unitOf: (id) => ({ patrol: "巡防队", justice: "司法所" })[id] ?? id,
  areaOf: (id) => id,
  incidentOf: (id) => `20261126-${id}`,
  personOf: (id) => (id === 3 ? "张三" : undefined),
  fileOf: (id) => (id === 4 ? "现场.jpg" : undefined),
  at: (ms) => `@${ms}`,
};
const row = (action: string, more: Partial<HistoryRow> = {}): HistoryRow => ({
  at_ms: 1,
  action,
  to: "claimed",
  level: 2,
  version: 2,
  ...more,
});

describe("what an entry of the history says", () => {
  it.each<[HistoryRow, string, string]>([
    [row("claim"), "", ""],
    [row("close", { reason: "handled" }), "属实，已处置", "Handled"],
    [
      row("assess", { detail: { level: "red", class: "fire", lead: "patrol", assist: ["justice"] } }),
      "明火 红级 主办 巡防队 协办 司法所",
      "明火 red 巡防队 leads 司法所 helps",
    ],
    [
      row("dispatch", { detail: { lead: "patrol", due_ms: 9 } }),
      "主办 巡防队 时限 @9",
      "巡防队 leads due @9",
    ],
    [row("sign_in", { unit: "patrol", detail: { unit: "patrol" } }), "巡防队", "巡防队"],
    [row("urge", { detail: { level: "supervise" } }), "督办", "supervised"],
    [
      row("warn", { unit: "patrol", detail: { clock: "sign", percent: 80 } }),
      "巡防队 签收时限已过 80%",
      "巡防队 80% of the time for “Sign in” is gone",
    ],
    [
      row("escalate", { detail: { step: 2, to: "中心主任" } }),
      "第 2 次，告知 中心主任",
      "step 2, 中心主任 told",
    ],
    [
      row("escalate", {
        detail: {
          step: 1,
          to: "值班长",
          told: [{ account: 1, name: "王芳", phone: "110" }, { name: "李强" }],
        },
      }),
      "第 1 次，告知 值班长 已通知 王芳 110、李强",
      "step 1, 值班长 told reached 王芳 110, 李强",
    ],
    [
      row("escalate", { detail: { step: 1, to: "值班长", unmanned: true } }),
      "第 1 次，告知 值班长 该岗位无人可达",
      "step 1, 值班长 told nobody was there who sees it",
    ],
    [row("take_over", { detail: { from: 3 } }), "原处理人 张三", "from 张三"],
    [row("merge", { detail: { into: 7 } }), "并入 #20261126-7", "into #20261126-7"],
    [
      row("revisit", { detail: { result: "reached", satisfaction: "fairly" } }),
      "已联系当事人 基本满意",
      "people were asked more or less content",
    ],
    [row("attach", { detail: { attachment: 4 } }), "“现场.jpg”", "“现场.jpg”"],
    [row("reject", { reason: "not_ours" }), "不属本辖区或本部门", "Another place's or authority's"],
  ])("%j", (entry, chinese, english) => {
    expect(detailsOf(zh, entry, names).join(" ")).toBe(chinese);
    if (entry.action !== "close") expect(detailsOf(en, entry, names).join(" ")).toBe(english);
  });
});

describe("dials", () => {
  const clock = (kind: string, due_ms: number, more: Partial<ClockRow> = {}): ClockRow => ({
    kind,
    working: false,
    allowed_s: 100,
    started_ms: 0,
    due_ms,
    fired: 0,
    ...more,
  });
  it("shows those that run, the nearest first, the chain last", () => {
    const all = [
      clock("escalate", 1),
      clock("finish", 900),
      clock("sign", 200),
      clock("accept", 5, { stopped_ms: 4 }),
    ];
    expect(dials(all, 100).map((dial) => [dial.kind, dial.share])).toEqual([
      ["sign", 0.5],
      ["finish", 100 / 900],
      ["escalate", 1],
    ]);
  });
  it("says what is late", () => {
    expect(dials([clock("sign", 200)], 200)[0]?.late).toBe(true);
    expect(dials([clock("escalate", 200)], 300)[0]?.late).toBe(false);
  });
});
