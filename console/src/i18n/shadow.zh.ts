/** Words of shadow models: Chinese. */

export const shadowWords = {
  shadowModel: {
    title: (model: string) => `影子模型 ${model} 与现用模型`,
    hint: "影子模型只记录，不报警、不产生事件；算力不足时最先让路。",
    span: "时段",
    spans: { "1": "24 小时", "3": "3 天", "7": "7 天" } as Record<string, string>,
    both: (n: number) => `两者都报 ${n}`,
    onlyShadow: (n: number) => `只有影子模型 ${n}`,
    onlyLive: (n: number) => `只有现用模型 ${n}`,
    looked: (seen: number, percent: number) => `看了 ${seen} 帧，占应看的 ${percent}%`,
    neverLooked: "这段时间没有看过画面",
    shadow: "影子模型会报的",
    live: "现用模型实际报的",
    met: "两者都报",
    alone: "仅此一方",
    unseen: "影子模型当时没有看",
    since: (time: string) => `报警太多，只比较 ${time} 之后`,
    failed: "影子模型无法运行",
  },
};
