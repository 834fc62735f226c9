/** What stands beside the queue while one watches it: consoles that would not be heard, blind cameras, the next escalation. */
export const besideWords = {
  beside: {
    and: "、",
    deaf: {
      title: (n: number) => `${n} 个席位听不到报警`,
      header: (n: number) => `${n} 席听不到`,
      why: {
        muted: "已静音",
        off: "未开启声音",
        silent: "席位失联",
      } as Record<string, string>,
      whyHint: {
        muted: "报警声被静音，到点自动恢复",
        off: "浏览器要点一下才出声，还没有人点，或已关闭",
        silent: "页面没有告别就没有了消息：电脑关了、睡了，或网络断了",
      } as Record<string, string>,
      since: (span: string) => `已 ${span}`,
      until: (at: string) => `至 ${at}`,
    },
    blind: {
      title: (n: number) => `${n} 路红色摄像机看不到`,
      hint: "能报红色警情的摄像机出了故障，那里发生什么中心都看不到",
      ticket: (id: number) => `工单 #${id}`,
      since: (span: string) => `已 ${span}`,
      known: (who: string) => `${who} 在处理`,
      unknown: "还没有人接",
      more: (n: number) => `另有 ${n} 路`,
      look: "看画面",
    },
    forYou: {
      title: (n: number) => `有 ${n} 件事件升级到您`,
      step: (n: number, at: string) => `第 ${n} 次升级，${at}`,
      seen: "已知悉",
      open: "打开",
    },
    escalation: {
      title: "下一步上报",
      next: (to: string, span: string) => `${span}后上报${to}`,
      short: (to: string, span: string) => `↑ ${to} ${span}`,
      now: (to: string) => `正在上报${to}`,
      shortNow: (to: string) => `↑ ${to} 正在上报`,
      ifLate: "到期未办才上报",
      step: (n: number) => `第 ${n} 级`,
      none: "没有在走的时限，不会上报",
      nobody: "（未设人员）",
    },
    handover: {
      range: "按交班日期筛选",
      from: "从",
      to: "到",
      older: "更早的",
      none: "这段时间没有交接记录",
    },
  },
};
