/**
 * Whether the gateway can be reached, for every screen: what the last answers say. A request that never arrived is
 * not kept for later: whoever made it is told.
 */

/** An unreachable gateway must not keep a person waiting who has pressed a key. */
const PROBE_MS = 3_000;

export interface Reach {
  /** Since when nothing is answered; null while all is well. */
  down_ms: number | null;
  /** When the last answer came. */
  answered_ms: number | null;
}

let reach: Reach = { down_ms: null, answered_ms: null };
/** The live link knows first: it is always open. */
let linkDown = false;
const listeners = new Set<() => void>();

function set(next: Reach): void {
  const told = next.down_ms !== reach.down_ms;
  reach = next;
  if (told) for (const listener of listeners) listener();
}

export const reachNow = (): Reach => reach;

export function onReach(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function answered(now = Date.now()): void {
  set({ down_ms: null, answered_ms: now });
}

export function unanswered(now = Date.now()): void {
  set({ ...reach, down_ms: reach.down_ms ?? reach.answered_ms ?? now });
}

export function tellLink(down: boolean): void {
  linkDown = down;
}

/** Proxies answer for a gateway that is away. */
export const isAway = (status: number): boolean => status === 502 || status === 503 || status === 504;

/**
 * May something be sent that changes things? While nothing says otherwise, yes; when the link is down, the gateway is
 * asked once, shortly.
 */
export async function maySend(ask: (signal: AbortSignal) => Promise<boolean>): Promise<boolean> {
  if (!linkDown && reach.down_ms === null) return true;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), PROBE_MS);
  const fine = await ask(late.signal).catch(() => false);
  clearTimeout(timer);
  if (fine) answered();
  else unanswered();
  return fine;
}
