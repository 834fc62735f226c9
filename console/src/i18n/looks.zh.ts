/** 查看记录: Chinese. */
export const lookWords = {
  looks: {
    title: "查看记录",
    hint: "谁在何时查看、导出或被拒绝",
    empty: "还没有人查看过录像、图片或附件",
    failed: "查看记录加载失败",
    denied: "被拒绝",
    action: {
      "clip.view": "查看录像片段",
      "thumbnail.view": "查看画面",
      "trace.view": "查看轨迹框",
      "incident.view": "查看附件",
      "recording.view": "查看录像",
      "bulletin.make": "出快报",
      "statistics.read": "读取快报",
      "hold.manage": "锁定录像",
    } as Record<string, string>,
  },
};
