/** Words of telling other systems: English. */
import type { outboundWords as words } from "./outbound.zh";

export const outboundWords: typeof words = {
  outbound: {
    title: "Told to other systems",
    failed: "How telling other systems goes cannot be loaded",
    target: "System",
    waiting: (n) => `${n} waiting`,
    since: (age) => `the oldest for ${age}`,
    dead: (n) => `${n} given up`,
    lost: (n) => `${n} dropped: too many waited`,
    none: "all delivered",
    success: (age) => `last success ${age} ago`,
    never: "no success yet",
    failing: (age) => `failing for ${age}`,
    resend: "Send again what was given up",
    resent: (n) => `${n} will be sent again`,
    stage: {
      resolve: "name lookup",
      connect: "connecting",
      tls: "encryption",
      send: "sending",
      answer: "answer",
    },
  },
};
