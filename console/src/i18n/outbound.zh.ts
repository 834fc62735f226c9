/** Words of telling other systems: Chinese. */

export const outboundWords = {
  outbound: {
    title: "对外推送",
    failed: "对外推送状态加载失败",
    target: "目标系统",
    waiting: (n: number) => `${n} 条待发`,
    since: (age: string) => `最早一条已等 ${age}`,
    dead: (n: number) => `${n} 条已放弃`,
    lost: (n: number) => `${n} 条因积压过多被丢弃`,
    none: "全部送达",
    success: (age: string) => `上次成功：${age}前`,
    never: "尚未成功过",
    failing: (age: string) => `失败已 ${age}`,
    resend: "重发已放弃的",
    resent: (n: number) => `${n} 条将重新发送`,
    stage: {
      resolve: "域名解析",
      connect: "网络连接",
      tls: "加密握手",
      send: "发送",
      answer: "应答",
    } as Record<string, string>,
  },
};
