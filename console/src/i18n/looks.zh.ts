/** 查看记录: Chinese. */
export const lookWords = {
  looks: {
    title: "查看记录",
    hint: "谁在何时查看、导出或被拒绝",
    empty: "还没有人查看过录像、图片或附件",
    failed: "查看记录加载失败",
    outcome: { denied: "被拒绝", failed: "未成功" } as Record<string, string>,
    /** An outcome or an act that this console is older than. */
    otherOutcome: "未完成",
    otherAction: "其他操作",
    action: {
      "clip.view": "查看录像片段",
      "thumbnail.view": "查看画面",
      "trace.view": "查看轨迹框",
      "incident.view": "查看附件",
      "recording.view": "查看录像",
      "bulletin.make": "出快报",
      "statistics.read": "读取快报",
      "hold.manage": "锁定录像",
      "live.view": "查看实时画面",
      "recording.list": "查看录像时段",
      "incident.list": "查看事件列表",
      "incident.act": "处置事件",
      "incident.work": "反馈处置情况",
      "incident.report": "上报事件",
    } as Record<string, string>,
  },
};
