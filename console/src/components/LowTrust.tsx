import type { Evidence } from "../api/types";
import { useSpeech } from "../i18n/context";
import "../screens/tickets/tickets.css";

/** The camera may have been tampered with when this was seen. */
export function LowTrust({ evidence }: { evidence: Evidence }) {
  const { t } = useSpeech();
  const kind = evidence.low_trust;
  if (!kind) return null;
  return <span className="low-trust">⚠ {t.lowTrust(t.tickets.kind[kind] ?? kind)}</span>;
}
